/* The viewer: state, drawing, pointer, wheel, keys and controls. */
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("viewer-data").textContent);
  const image = byId("pixels");
  const view = byId("view");
  const colours = picture.readColours(data.colours);
  const initial = { window: 100, level: 50, opacity: 100, layer: data.initial, boxes: true, lungs: true, heart: true, widths: true, crop: true, invert: false, heat: true };
  const state = { ...initial, zoom: 1, x: 0, y: 0 };
  const grey = picture.canvasOf(data.columns, data.rows);
  const heatmaps = new Map();
  let levels = null;
  let greyIsStale = true;
  let asked = false;

  const size = () => ({ width: view.clientWidth, height: view.clientHeight });
  const fitScale = () => Math.min(size().width / data.columns, size().height / data.rows);

  const clampView = () => {
    const scale = fitScale() * state.zoom;
    for (const [axis, length, room] of [["x", data.columns, size().width], ["y", data.rows, size().height]]) {
      const spare = room - length * scale;
      state[axis] = spare >= 0 ? spare / 2 : Math.min(0, Math.max(spare, state[axis]));
    }
    view.classList.toggle("zoomed", state.zoom > 1.001);
  };

  const heatmapOf = (index) => {
    const heatmap = data.layers[index].heatmap;
    if (heatmap && !heatmaps.has(index)) heatmaps.set(index, picture.paintHeatmap(heatmap, { ...data, colours }));
    return heatmaps.get(index);
  };

  const drawBoxes = (context, scale) => {
    for (const [x, y, width, height] of data.layers[state.layer].boxes) {
      const edge = [state.x + x * scale, state.y + y * scale, width * scale, height * scale];
      context.lineWidth = 4;
      context.strokeStyle = "rgb(0 0 0 / 70%)";
      context.strokeRect(...edge);
      context.lineWidth = 2;
      context.strokeStyle = "#56b4e9";
      context.strokeRect(...edge);
    }
  };

  /* A coloured line with a dark edge, in pixels of the picture. */
  const strokeLine = (context, scale, { path, width, dashes = [], line = data.lung_colour }) => {
    context.save();
    context.translate(state.x, state.y);
    context.scale(scale, scale);
    context.lineJoin = "round";
    for (const [colour, wide] of [["rgb(0 0 0 / 70%)", width + 2], [line, width]]) {
      context.lineWidth = wide / scale;
      context.setLineDash(dashes.map((length) => length / scale));
      context.strokeStyle = colour;
      context.stroke(path);
    }
    context.restore();
  };

  const pathOf = (part) => {
    const path = new Path2D();
    for (const [first, ...rest] of part ? part.outlines : []) {
      path.moveTo(...first);
      for (const point of rest) path.lineTo(...point);
      path.closePath();
    }
    return path;
  };
  const outlinePath = pathOf(data.lungs);
  const heartPath = pathOf(data.heart);
  const cropPath = new Path2D();
  for (const crop of data.crops) cropPath.rect(...crop);

  const drawWidths = (context, scale) => {
    data.widths.forEach(([from, to], index) => {
      const path = new Path2D();
      path.moveTo(...from);
      path.lineTo(...to);
      for (const [x, y] of [from, to]) {
        path.moveTo(x, y - 8 / scale);
        path.lineTo(x, y + 8 / scale);
      }
      strokeLine(context, scale, { path, width: 2.5, line: index ? data.lung_colour : data.heart_colour });
    });
  };

  const drawLungs = (context, scale) => {
    for (const [name, path, line] of [["lungs", outlinePath, data.lung_colour], ["heart", heartPath, data.heart_colour]]) {
      if (!state[name] || !data[name]) continue;
      strokeLine(context, scale, { path, width: 2, dashes: data[name].trusted ? [] : [7, 6], line });
    }
    if (state.widths) drawWidths(context, scale);
    if (state.crop && data.crops.length) strokeLine(context, scale, { path: cropPath, width: 1.25 });
  };

  const draw = () => {
    asked = false;
    if (greyIsStale) {
      picture.paintGrey(grey, levels, { width: state.window / 100, level: state.level / 100, invert: state.invert });
      greyIsStale = false;
    }
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = size();
    if (view.width !== Math.round(width * ratio) || view.height !== Math.round(height * ratio)) {
      view.width = Math.round(width * ratio);
      view.height = Math.round(height * ratio);
    }
    clampView();
    const scale = fitScale() * state.zoom;
    const context = view.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = scale * ratio < 4;
    context.imageSmoothingQuality = "high";
    const place = [state.x, state.y, data.columns * scale, data.rows * scale];
    context.drawImage(grey, ...place);
    const heatmap = state.layer === null ? null : heatmapOf(state.layer);
    if (heatmap && state.heat) {
      context.imageSmoothingEnabled = true;
      context.globalAlpha = state.opacity / 100;
      context.drawImage(heatmap, ...place);
      context.globalAlpha = 1;
    }
    drawLungs(context, scale);
    if (state.layer !== null && state.boxes) drawBoxes(context, scale);
  };

  const redraw = () => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  const showState = () => {
    for (const name of ["window", "level", "opacity"]) {
      if (!byId(name)) continue;
      byId(name).value = state[name];
      byId(`${name}-value`).textContent = `${Math.round(state[name])} %`;
    }
    byId("invert").checked = state.invert;
    const heatmap = state.layer === null ? null : data.layers[state.layer].heatmap;
    if (byId("layer")) byId("layer").value = state.layer === null ? "" : state.layer;
    for (const name of ["boxes", "lungs", "heart", "widths", "crop"]) {
      if (byId(name)) byId(name).checked = state[name];
    }
    byId("no-layer").hidden = data.initial !== null || state.layer !== null;
    byId("scale").hidden = !heatmap;
    if (!heatmap) return;
    byId("scale-unit").textContent = `${data.layers[state.layer].name}: ${heatmap.unit}`;
    byId("scale-note").textContent = heatmap.note;
    byId("scale-ticks").replaceChildren(...heatmap.ticks.map((tick) => {
      const span = document.createElement("span");
      span.textContent = tick;
      return span;
    }));
    byId("scale-colours").setAttribute("aria-label", `Colour scale from ${heatmap.ticks[0]} to ${heatmap.ticks[2]}, ${heatmap.unit}`);
  };

  const set = (changes) => {
    Object.assign(state, changes);
    state.window = Math.min(Math.max(state.window, 2), 100);
    state.level = Math.min(Math.max(state.level, 0), 100);
    greyIsStale = greyIsStale || ["window", "level", "invert"].some((name) => name in changes);
    showState();
    redraw();
  };

  const zoomBy = (factor, x = size().width / 2, y = size().height / 2) => {
    const zoom = Math.min(Math.max(state.zoom * factor, 1), Math.max(8, 8 / fitScale()));
    const real = zoom / state.zoom;
    set({ zoom, x: x - (x - state.x) * real, y: y - (y - state.y) * real });
  };
  const moveBy = (x, y) => set({ x: state.x + x, y: state.y + y });
  const fit = () => set({ zoom: 1 });
  const windowBy = (x, y) => set({ window: state.window + x, level: state.level - y });
  const autoWindow = () => {
    const { width, level } = picture.autoWindow(levels);
    set({ window: width * 100, level: level * 100 });
  };
  const reset = () => set({ ...initial, zoom: 1 });

  let laidOut = 0;
  const layOut = () => {
    const width = view.parentElement.clientWidth;
    if (width === laidOut) return;
    laidOut = width;
    const height = Math.min(width * data.rows / data.columns, Math.max(window.innerHeight * 0.8, 320));
    view.style.height = `${Math.round(height)}px`;
    redraw();
  };

  const pointers = new Map();
  const dragSetsWindow = () => document.querySelector("input[name=drag]:checked").value === "window";
  const spread = () => {
    const [one, two] = [...pointers.values()];
    return { gap: Math.hypot(one.x - two.x, one.y - two.y), x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 };
  };
  const local = (event) => {
    const frame = view.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top, windowing: event.shiftKey || event.buttons === 2 };
  };
  const onMove = (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = local(event);
    if (pointers.size === 2) {
      const from = spread();
      pointers.set(event.pointerId, now);
      const to = spread();
      zoomBy(to.gap / Math.max(from.gap, 1), to.x, to.y);
      moveBy(to.x - from.x, to.y - from.y);
      return;
    }
    pointers.set(event.pointerId, now);
    if (dragSetsWindow() || now.windowing) windowBy((now.x - before.x) / 4, (now.y - before.y) / 4);
    else moveBy(now.x - before.x, now.y - before.y);
  };
  const onLeave = (event) => {
    pointers.delete(event.pointerId);
    view.classList.toggle("moving", pointers.size > 0);
  };

  const keys = {
    "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), "0": fit,
    ArrowLeft: () => moveBy(40, 0), ArrowRight: () => moveBy(-40, 0), ArrowUp: () => moveBy(0, 40), ArrowDown: () => moveBy(0, -40),
    w: () => windowBy(-4, 0), s: () => windowBy(4, 0), e: () => windowBy(0, 4), d: () => windowBy(0, -4),
    h: () => set({ heat: !state.heat }), b: () => set({ boxes: !state.boxes }),
    l: () => set({ lungs: !state.lungs }), o: () => set({ heart: !state.heart }), m: () => set({ widths: !state.widths }),
    c: () => set({ crop: !state.crop }), i: () => set({ invert: !state.invert }), r: reset,
  };

  const listen = () => {
    view.addEventListener("pointerdown", (event) => {
      view.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, local(event));
      view.classList.add("moving");
    });
    view.addEventListener("pointermove", onMove);
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, onLeave);
    view.addEventListener("contextmenu", (event) => event.preventDefault());
    view.addEventListener("dblclick", fit);
    view.addEventListener("wheel", (event) => {
      if (event.deltaY > 0 && state.zoom <= 1.001 && !event.ctrlKey) return; /* the page scrolls on */
      event.preventDefault();
      const { x, y } = local(event);
      zoomBy(Math.exp(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 120) / 400), x, y);
    }, { passive: false });
    view.addEventListener("keydown", (event) => {
      const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
    for (const name of ["window", "level", "opacity"]) {
      if (byId(name)) byId(name).addEventListener("input", (event) => set({ [name]: Number(event.target.value) }));
    }
    for (const name of ["boxes", "lungs", "heart", "widths", "crop", "invert"]) {
      if (byId(name)) byId(name).addEventListener("change", (event) => set({ [name]: event.target.checked }));
    }
    const choose = (value) => set({ layer: value === "" ? null : Number(value), heat: true });
    if (byId("layer")) byId("layer").addEventListener("change", (event) => choose(event.target.value));
    for (const button of document.querySelectorAll("button[data-layer]")) {
      button.addEventListener("click", () => {
        choose(button.dataset.layer);
        view.scrollIntoView({ block: "nearest" });
      });
    }
    for (const radio of document.querySelectorAll("input[name=drag]")) {
      radio.addEventListener("change", () => view.classList.toggle("windowing", dragSetsWindow()));
    }
    byId("zoom-in").addEventListener("click", () => zoomBy(1.5));
    byId("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
    byId("fit").addEventListener("click", fit);
    byId("auto").addEventListener("click", autoWindow);
    byId("reset").addEventListener("click", reset);
    new ResizeObserver(layOut).observe(view.parentElement);
    window.addEventListener("beforeprint", () => document.querySelectorAll("details:not(.no-print)").forEach((part) => { part.open = true; }));
  };

  const start = () => {
    levels = picture.readLevels(image, data);
    image.hidden = true;
    for (const id of ["view", "tools"]) byId(id).hidden = false;
    if (byId("scale-colours")) picture.paintScale(byId("scale-colours"), { ...data, colours });
    listen();
    layOut();
    showState();
    draw();
    document.documentElement.dataset.ready = "yes";
  };
  image.decode().then(start);
})();
