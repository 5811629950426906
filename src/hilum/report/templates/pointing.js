/* Pointer and wheel on the picture: moving, zooming, contrast, and the ruler. */
const pointing = (() => {
  const listen = (view, { size, state, data, fitScale, zoomBy, moveBy, windowBy, reset, setLine }) => {
    const pointers = new Map();

    /* Where an event is in its pane, and with which intent. */
    const local = (event) => {
      const frame = view.getBoundingClientRect();
      const { width } = size();
      const across = event.clientX - frame.left;
      return { x: across >= width && state.beside ? across - width : across, y: event.clientY - frame.top, windowing: event.shiftKey || event.buttons === 2 };
    };
    const onPicture = ({ x, y }) => {
      const scale = fitScale() * state.zoom;
      const within = (value, most) => Math.min(Math.max(value, 0), most);
      return [within((x - state.x) / scale, data.columns), within((y - state.y) / scale, data.rows)];
    };
    const spread = () => {
      const [one, two] = [...pointers.values()];
      return { gap: Math.hypot(one.x - two.x, one.y - two.y), x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 };
    };

    const onDown = (event) => {
      view.setPointerCapture(event.pointerId);
      const now = local(event);
      pointers.set(event.pointerId, now);
      view.classList.add("moving");
      if (state.ruler && pointers.size === 1 && !now.windowing) setLine([onPicture(now), onPicture(now)]);
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
      if (state.drag || now.windowing) windowBy((now.x - before.x) / 4, (now.y - before.y) / 4);
      else if (state.ruler && state.line) setLine([state.line[0], onPicture(now)]);
      else moveBy(now.x - before.x, now.y - before.y);
    };
    const onLeave = (event) => {
      pointers.delete(event.pointerId);
      view.classList.toggle("moving", pointers.size > 0);
    };
    const onWheel = (event) => {
      const scrolls = document.documentElement.scrollHeight > window.innerHeight;
      if (event.deltaY > 0 && state.zoom <= 1.001 && scrolls && !event.ctrlKey && !document.fullscreenElement) return; /* the page scrolls on */
      event.preventDefault();
      const { x, y } = local(event);
      zoomBy(Math.exp(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 120) / 400), x, y);
    };

    view.addEventListener("pointerdown", onDown);
    view.addEventListener("pointermove", onMove);
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, onLeave);
    view.addEventListener("contextmenu", (event) => event.preventDefault());
    view.addEventListener("dblclick", () => { if (!state.ruler) reset(); });
    view.addEventListener("wheel", onWheel, { passive: false });
  };

  return { listen };
})();
