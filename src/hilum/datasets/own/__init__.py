"""Images of one's own: tables, folders of classes, boxes."""
