"use strict";
/* Grey levels, heatmap colours and the colour scale: arrays in, canvases out. */
const picture = (() => {
  const canvasOf = (width, height) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    return canvas;
  };

  /* Levels from 0 to 4095 of the embedded picture: one plane of eight bits, or a second one below with the finer part. */
  const readLevels = (image, { rows, columns, planes, plane_rows: planeRows, step, zero }) => {
    const canvas = canvasOf(columns, planeRows * planes);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, columns, planeRows * planes).data;
    const levels = new Uint16Array(rows * columns);
    const below = planeRows * columns * 4;
    for (let i = 0; i < levels.length; i += 1) {
      const upper = bytes[4 * i];
      if (planes === 1) levels[i] = Math.round(upper * 4095 / 255);
      else levels[i] = Math.min(Math.max(Math.round(16 * upper + step * (bytes[below + 4 * i] - zero)), 0), 4095);
    }
    return levels;
  };

  /* Paint levels through a window: width and level are shares of the full range. */
  const paintGrey = (canvas, levels, { width, level, invert }) => {
    const table = new Uint32Array(4096);
    for (let i = 0; i < 4096; i += 1) {
      const share = Math.min(Math.max((i / 4095 - (level - width / 2)) / width, 0), 1);
      const grey = Math.round((invert ? 1 - share : share) * 255);
      table[i] = 0xff000000 | grey << 16 | grey << 8 | grey;
    }
    const context = canvas.getContext("2d");
    const data = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(data.data.buffer);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = table[levels[i]];
    context.putImageData(data, 0, 0);
  };

  /* The window that keeps the middle 98 of 100 pixels. */
  const autoWindow = (levels) => {
    const counts = new Uint32Array(4096);
    for (let i = 0; i < levels.length; i += 1) counts[levels[i]] += 1;
    const at = (share) => {
      let seen = 0;
      for (let i = 0; i < 4096; i += 1) {
        seen += counts[i];
        if (seen >= share * levels.length) return i / 4095;
      }
      return 1;
    };
    const low = at(0.01);
    const high = Math.max(at(0.99), low + 0.02);
    return { width: high - low, level: (low + high) / 2 };
  };

  const readColours = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

  /* One axis of bilinear placement: cell centres lie at i + 0.5; outside the grid nothing is drawn. */
  const axis = (count, scale, offset, cells) => Array.from({ length: count }, (_, i) => {
    const at = (i + 0.5 - offset) / scale;
    if (at < 0 || at > cells) return null;
    const clamped = Math.min(Math.max(at - 0.5, 0), cells - 1);
    const low = Math.floor(clamped);
    return { low, high: Math.min(low + 1, cells - 1), part: clamped - low };
  });

  /* The rows of a grid that is written as 16-bit multiples of a step. */
  const readGrid = ({ cells: [rows, columns], step, grid }) => {
    const bytes = new DataView(Uint8Array.from(atob(grid), (letter) => letter.charCodeAt(0)).buffer);
    return Array.from({ length: rows }, (_, row) => Float32Array.from({ length: columns }, (_, column) => (
      bytes.getInt16(2 * (row * columns + column), true) * step)));
  };

  /* A heatmap as a canvas over the whole picture, at most 768 pixels on the longer side. */
  const paintHeatmap = (heatmap, { rows, columns, colours, opacity }) => {
    const shrink = Math.min(1, 768 / Math.max(rows, columns));
    const canvas = canvasOf(Math.max(1, Math.round(columns * shrink)), Math.max(1, Math.round(rows * shrink)));
    const [scaleX, scaleY, offsetX, offsetY] = heatmap.geometry;
    const grid = readGrid(heatmap);
    const ratioX = canvas.width / columns;
    const ratioY = canvas.height / rows;
    const across = axis(canvas.width, scaleX * ratioX, offsetX * ratioX, grid[0].length);
    const down = axis(canvas.height, scaleY * ratioY, offsetY * ratioY, grid.length);
    const context = canvas.getContext("2d");
    const data = context.createImageData(canvas.width, canvas.height);
    down.forEach((y, row) => across.forEach((x, column) => {
      if (!x || !y) return;
      const upper = grid[y.low];
      const lower = grid[y.high];
      const above = upper[x.low] + (upper[x.high] - upper[x.low]) * x.part;
      const under = lower[x.low] + (lower[x.high] - lower[x.low]) * x.part;
      const share = Math.min(Math.max((above + (under - above) * y.part) / heatmap.top, 0), 1);
      const to = 4 * (row * canvas.width + column);
      const from = 3 * Math.round(share * 255);
      for (let c = 0; c < 3; c += 1) data.data[to + c] = colours[from + c];
      data.data[to + 3] = Math.round(share * opacity * 255);
    }));
    context.putImageData(data, 0, 0);
    return canvas;
  };

  /* The scale as it looks over grey. */
  const paintScale = (canvas, { colours, opacity }) => {
    const context = canvas.getContext("2d");
    const data = context.createImageData(256, 1);
    for (let i = 0; i < 256; i += 1) {
      for (let c = 0; c < 3; c += 1) data.data[4 * i + c] = 96 + (colours[3 * i + c] - 96) * opacity * i / 255;
      data.data[4 * i + 3] = 255;
    }
    context.putImageData(data, 0, 0);
  };

  return { canvasOf, readLevels, paintGrey, autoWindow, readColours, paintHeatmap, paintScale };
})();
