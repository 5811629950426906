/* The viewer: state, drawing and controls. */
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("viewer-data").textContent);
  const image = byId("pixels");
  const view = byId("view");
  const colours = picture.readColours(data.colours);
  const drawn = marks.of(data);
  const MARKS = ["lungs", "heart", "widths", "crop"].filter((name) => byId(name));
  const initial = { window: 100, level: 50, opacity: 0, invert: false, beside: false, ruler: false, lungs: false, heart: false, widths: false, crop: false };
  const firstLayer = data.initial === null ? (data.layers.length ? 0 : null) : data.initial;
  const state = { ...initial, layer: firstLayer, boxes: true, drag: false, zoom: 1, x: 0, y: 0, line: null };
  const grey = picture.canvasOf(data.columns, data.rows);
  const heatmaps = new Map();
  let levels = null;
  let greyIsStale = true;
  let asked = false;

  const panes = () => (state.beside ? 2 : 1);
  const size = () => ({ width: view.clientWidth / panes(), height: view.clientHeight });
  const fitScale = () => Math.min(size().width / data.columns, size().height / data.rows);
  const actualZoom = () => 1 / (fitScale() * (window.devicePixelRatio || 1));

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

  /* The picture at its place, under the map and the marks that are asked for. */
  const drawPicture = (context, place, { layer, opacity, shown }) => {
    const frame = [place.x, place.y, data.columns * place.scale, data.rows * place.scale];
    context.imageSmoothingEnabled = place.scale * (window.devicePixelRatio || 1) < 4;
    context.imageSmoothingQuality = "high";
    context.drawImage(grey, ...frame);
    const heatmap = opacity > 0 && layer !== null ? heatmapOf(layer) : null;
    if (heatmap) {
      context.imageSmoothingEnabled = true;
      context.globalAlpha = opacity / 100;
      context.drawImage(heatmap, ...frame);
      context.globalAlpha = 1;
    }
    for (const name of shown) drawn[name](context, place);
    if (opacity > 0 && layer !== null && state.boxes) drawn.boxes(context, place, layer);
  };

  const draw = () => {
    asked = false;
    if (greyIsStale) {
      picture.paintGrey(grey, levels, { width: state.window / 100, level: state.level / 100, invert: state.invert });
      greyIsStale = false;
    }
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = { width: view.clientWidth, height: view.clientHeight };
    if (view.width !== Math.round(width * ratio) || view.height !== Math.round(height * ratio)) {
      view.width = Math.round(width * ratio);
      view.height = Math.round(height * ratio);
    }
    clampView();
    const context = view.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    for (let pane = 0; pane < panes(); pane += 1) {
      const plain = state.beside && pane === 0;
      const left = pane * size().width;
      const place = { x: left + state.x, y: state.y, scale: fitScale() * state.zoom };
      context.save();
      context.beginPath();
      context.rect(left, 0, size().width, height);
      context.clip();
      drawPicture(context, place, {
        layer: state.layer,
        opacity: plain ? 0 : state.beside ? state.opacity || 100 : state.opacity,
        shown: plain ? [] : MARKS.filter((name) => state[name]),
      });
      if (state.ruler && state.line) drawn.ruler(context, place, state.line);
      context.restore();
    }
  };

  const redraw = () => {
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };

  /* Whose map is printed, its colours, and what every line is: a sheet of paper has no button that says so. */
  const paperWords = (layer, shown) => {
    const words = [];
    if (layer !== null) {
      const { label, heatmap, boxes } = data.layers[layer];
      const others = data.layers.filter((other, index) => other.flagged && index !== layer).length;
      words.push(`On the right: ${heatmap ? "map" : "boxes"} of ${label}`);
      if (others) words.push(`not on this sheet: ${others === 1 ? "the map of 1 more flagged finding" : `the maps of ${others} more flagged findings`}`);
      if (heatmap) words.push(`colours from ${heatmap.ticks[0]} to ${heatmap.ticks[2]}, ${heatmap.unit}`);
      if (state.boxes && boxes.length) words.push(`blue: ${boxes.length === 1 ? "its box" : "its boxes"}`);
    }
    const unsure = (name) => (data[name].trusted ? "" : ", in broken lines: not to be relied on");
    if (shown.includes("lungs")) words.push(`green: lungs${unsure("lungs")}`);
    if (shown.includes("heart")) words.push(`pink: heart${unsure("heart")}`);
    if (shown.includes("widths")) words.push("level lines: widest heart (pink) and widest inner thorax (green)");
    if (state.ruler && state.line) words.push(`yellow: ${marks.lengthOf(state.line, data)}`);
    return words.map((each) => `${each[0].toUpperCase()}${each.slice(1)}.`).join(" ");
  };

  /* What is printed: the plain picture, and beside it the map and the marks, where there are any; below it what they are.
     The map is the one that is looked at, else the first flagged one's. */
  const drawPaper = () => {
    const paper = byId("paper");
    const layer = mapIsShown() ? state.layer : data.initial;
    const shown = MARKS.filter((name) => name !== "crop" && data[name] && (name === "widths" || data[name].trusted || state[name]));
    const twice = layer !== null || shown.length > 0;
    const scale = Math.min(1, 1400 / Math.max(data.columns, data.rows));
    const width = Math.round(data.columns * scale);
    const pen = Math.max(1, width / 500);
    paper.width = width * (twice ? 2 : 1) + (twice ? 16 : 0);
    paper.height = Math.round(data.rows * scale);
    const context = paper.getContext("2d");
    drawPicture(context, { x: 0, y: 0, scale }, { layer, opacity: 0, shown: [] });
    if (twice) drawPicture(context, { x: width + 16, y: 0, scale, pen }, { layer, opacity: state.opacity || 100, shown });
    if (state.ruler && state.line) drawn.ruler(context, { x: 0, y: 0, scale, pen }, state.line);
    paper.hidden = false;
    byId("paper-words").textContent = paperWords(layer, shown);
    byId("paper-words").hidden = !byId("paper-words").textContent;
    byId("paper-scale").hidden = layer === null || !data.layers[layer].heatmap;
    byId("viewer").classList.add("drawn");
  };

  const press = (id, on) => { if (byId(id)) byId(id).setAttribute("aria-pressed", String(on)); };

  const showScale = () => {
    const heatmap = state.layer === null ? null : data.layers[state.layer].heatmap;
    byId("scale").hidden = !heatmap || !(state.opacity > 0 || state.beside);
    if (!heatmap) return;
    const from = `${heatmap.ticks[0]} to ${heatmap.ticks[2]}`;
    byId("scale-name").textContent = data.layers[state.layer].name;
    byId("scale-note").textContent = `Colours of the map: from ${heatmap.ticks.join(" by ")}, ${heatmap.unit}. ${heatmap.note}`;
    byId("scale-colours").setAttribute("aria-label", `Colour scale from ${from}, ${heatmap.unit}`);
  };

  const showState = () => {
    for (const name of ["window", "level", "opacity"]) {
      if (!byId(name)) continue;
      byId(name).value = state[name];
      byId(`${name}-value`).textContent = `${Math.round(state[name])} %`;
    }
    if (byId("layer")) byId("layer").value = state.layer;
    for (const name of ["invert", "beside", "ruler", "drag", ...MARKS]) press(name, state[name]);
    press("boxes", state.boxes && mapIsShown());
    for (const button of document.querySelectorAll("button[data-layer]")) {
      button.setAttribute("aria-pressed", String(state.opacity > 0 && Number(button.dataset.layer) === state.layer));
    }
    byId("stage").classList.toggle("beside", state.beside);
    view.classList.toggle("windowing", state.drag);
    view.classList.toggle("measuring", state.ruler);
    view.classList.toggle("dragging", state.drag || state.ruler);
    byId("measured").hidden = !state.ruler;
    byId("measured").textContent = state.ruler && state.line ? marks.lengthOf(state.line, data) : data.said.measure;
    showScale();
  };

  const set = (changes) => {
    Object.assign(state, changes);
    state.window = Math.min(Math.max(state.window, 2), 100);
    state.level = Math.min(Math.max(state.level, 0), 100);
    greyIsStale = greyIsStale || ["window", "level", "invert"].some((name) => name in changes);
    showState();
    redraw();
  };
  const toggle = (name) => set({ [name]: !state[name] });

  const zoomTo = (wanted, x = size().width / 2, y = size().height / 2) => {
    const zoom = Math.min(Math.max(wanted, Math.min(1, actualZoom())), Math.max(8, 8 / fitScale()));
    const real = zoom / state.zoom;
    set({ zoom, x: x - (x - state.x) * real, y: y - (y - state.y) * real });
  };
  const zoomBy = (factor, x, y) => {
    const wanted = state.zoom * factor;
    zoomTo(state.zoom >= 1 ? Math.max(wanted, 1) : wanted, x, y);
  };
  const moveBy = (x, y) => set({ x: state.x + x, y: state.y + y });
  const fit = () => set({ zoom: 1 });
  const windowBy = (x, y) => set({ window: state.window + x, level: state.level - y });
  const autoWindow = () => {
    const { width, level } = picture.autoWindow(levels);
    set({ window: width * 100, level: level * 100 });
  };
  const reset = () => set({ ...initial, layer: firstLayer, boxes: true, zoom: 1, line: null });
  const showMap = () => set({ opacity: state.opacity > 0 ? 0 : 100 });
  const mapIsShown = () => state.opacity > 0 || state.beside;
  /* Boxes belong to a map: where none is shown, asking for them shows it. */
  const toggleBoxes = () => (mapIsShown() ? toggle("boxes") : set({ opacity: 100, boxes: true }));
  const showLayer = (layer) => set(state.opacity > 0 && state.layer === layer ? { opacity: 0 } : { layer, opacity: state.opacity || 100 });
  const fill = () => (document.fullscreenElement ? document.exitFullscreen() : byId("viewer").requestFullscreen());

  const middleLine = () => [[data.columns * 0.3, data.rows / 2], [data.columns * 0.7, data.rows / 2]];
  const measure = () => set({ ruler: !state.ruler, line: null });
  const stretch = (end, x, y) => {
    const line = (state.line || middleLine()).map((point) => [...point]);
    line[end] = [line[end][0] + x * data.columns / 100, line[end][1] + y * data.rows / 100];
    set({ line });
  };
  const arrow = (x, y) => (event) => {
    if (state.ruler) stretch(event.shiftKey ? 0 : 1, x, y);
    else moveBy(-40 * x, -40 * y);
  };
  const go = (id) => () => { if (byId(id)) byId(id).click(); };

  const keys = {
    "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), "0": fit, "1": () => zoomTo(actualZoom()),
    ArrowLeft: arrow(-1, 0), ArrowRight: arrow(1, 0), ArrowUp: arrow(0, -1), ArrowDown: arrow(0, 1),
    w: () => windowBy(-4, 0), s: () => windowBy(4, 0), e: () => windowBy(0, 4), d: () => windowBy(0, -4),
    h: showMap, b: toggleBoxes, v: () => byId("beside") && toggle("beside"), u: measure, f: fill,
    l: () => toggle("lungs"), o: () => toggle("heart"), m: () => toggle("widths"), c: () => toggle("crop"),
    i: () => toggle("invert"), r: reset, n: go("next"), p: go("previous"),
  };
  const onKey = (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(event);
  };
  /* Where nothing else has the focus, and on the buttons, the letters act too; keys that scroll or choose stay what they are. */
  const onPageKey = (event) => {
    const near = event.target === document.body || event.target.closest("#viewer");
    if (near && !event.target.closest("input, select, #view") && /^[a-z]$/i.test(event.key)) onKey(event);
  };

  const onClick = (id, act) => { if (byId(id)) byId(id).addEventListener("click", act); };
  const listen = () => {
    pointing.listen(view, {
      size, state, data, fitScale, zoomBy, moveBy, windowBy, reset,
      setLine: (line) => set({ line }),
    });
    view.addEventListener("keydown", onKey);
    document.addEventListener("keydown", onPageKey);
    for (const name of ["window", "level", "opacity"]) {
      if (byId(name)) byId(name).addEventListener("input", (event) => set({ [name]: Number(event.target.value) }));
    }
    for (const name of ["invert", "beside", "drag", ...MARKS]) onClick(name, () => toggle(name));
    onClick("boxes", toggleBoxes);
    if (byId("layer")) byId("layer").addEventListener("change", (event) => set({ layer: Number(event.target.value), opacity: state.opacity || 100 }));
    for (const button of document.querySelectorAll("button[data-layer]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        showLayer(Number(button.dataset.layer));
        view.scrollIntoView({ block: "nearest" });
      });
    }
    onClick("zoom-in", () => zoomBy(1.5));
    onClick("zoom-out", () => zoomBy(1 / 1.5));
    onClick("fit", fit);
    onClick("actual", () => zoomTo(actualZoom()));
    onClick("ruler", measure);
    onClick("full", fill);
    onClick("auto", autoWindow);
    onClick("reset", reset);
    byId("full").hidden = !document.fullscreenEnabled;
    document.addEventListener("fullscreenchange", () => press("full", Boolean(document.fullscreenElement)));
    new ResizeObserver(draw).observe(view); /* at once: a frame in the old size would be stretched */
    window.addEventListener("beforeprint", drawPaper);
  };

  const start = () => {
    levels = picture.readLevels(image, data);
    image.hidden = true;
    for (const id of ["view", "tools"]) byId(id).hidden = false;
    for (const id of ["scale-colours", "paper-colours"]) picture.paintScale(byId(id), { ...data, colours });
    listen();
    showState();
    draw();
    drawPaper();
    document.documentElement.dataset.ready = "yes";
  };
  image.decode().then(start);
})();
