"""From a file to a `Reading`: the engine, the specialists and the `Reader`."""
