/* What is drawn over the picture: boxes, outlines, widths, the crop and the ruler. A place is { x, y, scale, pen }: where the
   picture's corner lies in its pane, and how large one of its pixels is there; on paper with a broader pen. */
const marks = (() => {
  const DARK = "rgb(0 0 0 / 70%)";

  /* A coloured line with a dark edge, in pixels of the picture. */
  const strokeLine = (context, place, { path, width, colour, dashes = [] }) => {
    context.save();
    context.translate(place.x, place.y);
    context.scale(place.scale, place.scale);
    context.lineJoin = "round";
    const pen = place.pen || 1;
    for (const [shade, wide] of [[DARK, width + 2], [colour, width]]) {
      context.lineWidth = wide * pen / place.scale;
      context.setLineDash(dashes.map((length) => length / place.scale));
      context.strokeStyle = shade;
      context.stroke(path);
    }
    context.restore();
  };

  const outlines = (part) => {
    const path = new Path2D();
    for (const [first, ...rest] of part ? part.outlines : []) {
      path.moveTo(...first);
      for (const point of rest) path.lineTo(...point);
      path.closePath();
    }
    return path;
  };

  const boxes = (list) => {
    const path = new Path2D();
    for (const box of list) path.rect(...box);
    return path;
  };

  /* A level or slanting line with a short upright line across each end. */
  const measured = ([from, to], scale) => {
    const path = new Path2D();
    path.moveTo(...from);
    path.lineTo(...to);
    for (const [x, y] of [from, to]) {
      path.moveTo(x, y - 8 / scale);
      path.lineTo(x, y + 8 / scale);
    }
    return path;
  };

  const of = (data) => {
    const lungs = outlines(data.lungs);
    const heart = outlines(data.heart);
    const crops = boxes(data.crops);
    return {
      lungs: (context, place) => strokeLine(context, place, { path: lungs, width: 2, colour: data.lung_colour, dashes: data.lungs.trusted ? [] : [7, 6] }),
      heart: (context, place) => strokeLine(context, place, { path: heart, width: 2, colour: data.heart_colour, dashes: data.heart.trusted ? [] : [7, 6] }),
      crop: (context, place) => strokeLine(context, place, { path: crops, width: 1.25, colour: data.lung_colour }),
      widths: (context, place) => data.widths.forEach((line, index) => strokeLine(context, place, {
        path: measured(line, place.scale), width: 2.5, colour: index ? data.lung_colour : data.heart_colour,
      })),
      boxes: (context, place, layer) => strokeLine(context, place, { path: boxes(data.layers[layer].boxes), width: 2, colour: "#56b4e9" }),
      ruler: (context, place, line) => strokeLine(context, place, { path: measured(line, place.scale), width: 2, colour: "#ffe08a" }),
    };
  };

  /* The length of a line in words: millimetres where the spacing is known, else pixels of the file. */
  const lengthOf = ([[x0, y0], [x1, y1]], { spacing, native, said }) => {
    const along = (unit) => Math.hypot((x1 - x0) * unit[0], (y1 - y0) * unit[1]);
    const pixels = `${along(native).toFixed(0)} px`;
    return spacing ? `${along(spacing).toFixed(1)} mm (${pixels}; ${said.spacing})` : `${pixels} (${said.no_spacing})`;
  };

  return { of, lengthOf };
})();
