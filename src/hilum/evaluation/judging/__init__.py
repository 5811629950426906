"""How well one model did: discrimination, calibration, decisions and subgroups."""
