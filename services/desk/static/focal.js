/* The focal point: set by a click in the picture or by arrow keys on its mark, beside the two sliders. The crops follow at once. */
"use strict";

(() => {
  const frame = document.getElementById("focal-picture");
  const marker = document.getElementById("focal-marker");
  const sliders = ["focal_x", "focal_y"].map((name) => document.getElementById(name));
  const crops = document.getElementById("crops");
  if (!frame || !marker || sliders.some((slider) => !slider)) return;
  const picture = frame.querySelector("img");
  const size = { width: Number(picture.getAttribute("width")), height: Number(picture.getAttribute("height")) };
  const isReadOnly = sliders[0].matches(":disabled");

  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const digits = (value) => String(value).replace(/\d/g, (digit) => [...marker.dataset.digits][digit]);

  /* Where a crop begins, in percent of the room that it has: as `crop_box` in shared/pictures.py, and as object-position counts. */
  function place(focal, part, whole) {
    const room = whole - part;
    return room <= 0 ? 50 : (100 * clamp(focal * whole - part / 2, room)) / room;
  }

  function showCrop(image, [x, y]) {
    const [across, down] = image.dataset.ratio.split("/").map(Number);
    const width = Math.min(size.width, (size.height * across) / down);
    const height = Math.min(size.height, (size.width * down) / across);
    image.style.objectPosition = `${place(x, width, size.width)}% ${place(y, height, size.height)}%`;
  }

  function show() {
    const [x, y] = sliders.map((slider) => Number(slider.value));
    marker.style.left = `${x}%`;
    marker.style.top = `${y}%`;
    marker.setAttribute("aria-label", marker.dataset.label.replace("{x}", digits(x)).replace("{y}", digits(y)));
    for (const slider of sliders) slider.setAttribute("aria-valuetext", `${digits(slider.value)} %`);
    for (const image of crops?.querySelectorAll("img") || []) showCrop(image, [x / 100, y / 100]);
  }

  function set(x, y) {
    sliders[0].value = Math.round(clamp(x, 100));
    sliders[1].value = Math.round(clamp(y, 100));
    show();
  }

  // Cut here from the whole picture: the files of another focal point are made after it is saved.
  for (const image of crops?.querySelectorAll("img") || []) {
    image.dataset.ratio = `${image.getAttribute("width")}/${image.getAttribute("height")}`;
    image.src = crops.dataset.src;
  }

  marker.hidden = isReadOnly;
  sliders.forEach((slider) => slider.addEventListener("input", show));
  show();
  if (isReadOnly) return;
  frame.addEventListener("click", (event) => {
    // A key makes a click without a place.
    if (event.detail === 0) return;
    const box = picture.getBoundingClientRect();
    set((100 * (event.clientX - box.left)) / box.width, (100 * (event.clientY - box.top)) / box.height);
    marker.focus({ preventScroll: true });
  });
  marker.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] || [];
    if (dx === undefined) return;
    event.preventDefault();
    set(Number(sliders[0].value) + dx, Number(sliders[1].value) + dy);
  });
})();
