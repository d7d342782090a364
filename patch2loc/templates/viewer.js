// Three planes of one scan with a map laid over it. All volumes arrive as mosaics of slices in the channels of PNG images.
const P = JSON.parse(document.getElementById('page').textContent), [X, Y, Z] = P.shape;
const el = name => document.getElementById(name);
const position = [...P.start];   // voxel under the cross-hair
const maps = [];                 // one byte a voxel for each layer, 0: no value
let scan = null, labels = null, layer = P.layers[0], map = null, chosen = 0;

// name, horizontal axis, vertical axis, axis of the slider, letters at the edges (left, right, top, bottom)
const planes = [['axial', 0, 1, 2, 'RLAP'], ['coronal', 0, 2, 1, 'RLSI'], ['sagittal', 1, 2, 0, 'APSI']];
const OUTLINE = [90, 230, 255];
const index = (x, y, z) => (z * Y + y) * X + x;
const clamp = (value, axis) => Math.max(0, Math.min(P.shape[axis] - 1, value));

// A voxel on the edge of its region: one of the four neighbours in the plane has another label.
function onEdge(voxel, a, b, label) {
  for (const [axis, step] of [[a, 1], [a, -1], [b, 1], [b, -1]]) {
    const other = [...voxel];
    other[axis] += step;
    if (other[axis] < 0 || other[axis] >= P.shape[axis] || labels[index(...other)] !== label) return true;
  }
  return false;
}

function mix(data, pixel, colour, weight) {
  for (let n = 0; n < 3; n++) data[pixel + n] += (colour[n] - data[pixel + n]) * weight;
}

function drawPlane([name, a, b, c, letters], opacity, cut) {
  const canvas = el(name), W = P.shape[a], H = P.shape[b], context = canvas.getContext('2d', {willReadFrequently: true});
  const image = context.createImageData(W, H), voxel = [0, 0, 0];
  voxel[c] = position[c];
  for (let j = 0; j < H; j++) for (let i = 0; i < W; i++) {
    voxel[a] = W - 1 - i;
    voxel[b] = H - 1 - j;
    const k = index(voxel[0], voxel[1], voxel[2]), value = map[k], label = labels[k], pixel = 4 * (j * W + i);
    for (let n = 0; n < 4; n++) image.data[pixel + n] = n < 3 ? scan[k] : 255;
    if (value && value >= cut) mix(image.data, pixel, P.ramp[value], opacity);
    if (label && onEdge(voxel, a, b, label)) mix(image.data, pixel, OUTLINE, label === chosen ? 1 : .55);
  }
  context.putImageData(image, 0, 0);
  drawCross(context, W, H, W - 1 - position[a] + .5, H - 1 - position[b] + .5);
  drawLetters(context, W, H, letters);
  el(name + '-slider').value = position[c];
}

function drawCross(context, W, H, x, y) {
  context.strokeStyle = 'rgba(120,220,140,.75)';
  context.lineWidth = 1;
  context.beginPath();
  for (const [x0, y0, x1, y1] of [[x, 0, x, y - 5], [x, y + 5, x, H], [0, y, x - 5, y], [x + 5, y, W, y]]) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.stroke();
}

function drawLetters(context, W, H, letters) {
  context.fillStyle = '#e3e6e8';
  context.font = '11px sans-serif';
  Object.assign(context, {shadowColor: '#000', shadowBlur: 3});
  const places = [['left', 'middle', 3, H / 2], ['right', 'middle', W - 3, H / 2],
                  ['center', 'top', W / 2, 3], ['center', 'bottom', W / 2, H - 2]];
  places.forEach(([align, baseline, x, y], n) => {
    context.textAlign = align;
    context.textBaseline = baseline;
    context.fillText(letters[n], x, y);
  });
  context.shadowBlur = 0;
}

function draw() {
  if (!map) return;
  const threshold = +el('threshold').value, cut = 1 + 254 * (threshold - layer.low) / (layer.high - layer.low);
  for (const plane of planes) drawPlane(plane, +el('opacity').value / 100, cut);
  const k = index(...position), mm = position.map((n, axis) => (P.origin[axis] + n * P.step).toFixed(1));
  const number = layer.low + (map[k] - 1) / 254 * (layer.high - layer.low);
  const value = map[k] ? `${layer.name} ${number.toFixed(2)} ${layer.unit}` : 'no value here';
  el('here').textContent = `${mm.join(', ')} mm (R+, A+, S+) · ${value}${labels[k] ? ' · candidate ' + labels[k] : ''}`;
  el('opacity-value').textContent = el('opacity').value + ' %';
  el('threshold-value').textContent = threshold.toFixed(2) + ' ' + layer.unit;
}

function goTo(mm, label) {
  for (let axis = 0; axis < 3; axis++) position[axis] = clamp(Math.round((mm[axis] - P.origin[axis]) / P.step), axis);
  chosen = label;
  for (const row of document.querySelectorAll('#candidates tbody tr')) row.classList.toggle('chosen', +row.dataset.candidate === chosen);
  for (const shown of document.querySelectorAll('figure[data-candidate]')) shown.classList.toggle('hidden', +shown.dataset.candidate !== chosen);
  draw();
}

function choose(n) {
  const slider = el('threshold');
  layer = P.layers[n];
  map = maps[n];
  Object.assign(slider, {min: layer.low, max: layer.high, value: layer.threshold});
  el('low').textContent = layer.low.toPrecision(2);
  el('high').textContent = `${layer.high.toPrecision(2)} ${layer.unit}`;
  draw();
}

function connect([name, a, b, c]) {
  const canvas = el(name), slider = el(name + '-slider');
  canvas.width = P.shape[a];
  canvas.height = P.shape[b];
  slider.max = P.shape[c] - 1;
  slider.oninput = () => { position[c] = +slider.value; draw(); };
  const point = event => {
    const box = canvas.getBoundingClientRect();
    position[a] = canvas.width - 1 - clamp(Math.floor((event.clientX - box.left) / box.width * canvas.width), a);
    position[b] = canvas.height - 1 - clamp(Math.floor((event.clientY - box.top) / box.height * canvas.height), b);
    draw();
  };
  canvas.onpointerdown = event => { canvas.setPointerCapture(event.pointerId); point(event); };
  canvas.onpointermove = event => { if (event.buttons) point(event); };
  canvas.addEventListener('wheel', event => {
    event.preventDefault();
    position[c] = clamp(position[c] - Math.sign(event.deltaY), c);
    draw();
  }, {passive: false});
}

// Take the slices of a mosaic apart: three volumes of one byte a voxel.
function unpack(image) {
  const canvas = document.createElement('canvas'), context = canvas.getContext('2d', {willReadFrequently: true});
  canvas.width = image.width;
  canvas.height = image.height;
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data, volumes = [0, 1, 2].map(() => new Uint8Array(X * Y * Z));
  for (let z = 0; z < Z; z++) for (let y = 0; y < Y; y++) {
    let from = 4 * ((Math.floor(z / P.columns) * Y + y) * image.width + z % P.columns * X);
    for (let x = 0; x < X; x++, from += 4) for (let n = 0; n < 3; n++) volumes[n][index(x, y, z)] = pixels[from + n];
  }
  return volumes;
}

// The first image holds scan, first map and labels; each further image holds up to three maps.
function load(n) {
  const image = new Image();
  image.onload = () => {
    const volumes = unpack(image);
    if (n === 0) { scan = volumes[0]; maps.push(volumes[1]); labels = volumes[2]; }
    else maps.push(...volumes.slice(0, P.layers.length - maps.length));
    if (n + 1 < P.images.length) load(n + 1);
    else {
      choose(0);
      const first = document.querySelector('#candidates tbody tr');
      if (first && document.querySelector('figure[data-candidate]')) first.onclick();
      document.body.dataset.ready = 'yes';
    }
  };
  image.src = P.images[n];
}

planes.forEach(connect);
for (const name of ['opacity', 'threshold']) el(name).oninput = draw;
for (const row of document.querySelectorAll('#candidates tbody tr')) {
  row.onclick = () => goTo(JSON.parse(row.dataset.mm), +row.dataset.candidate);
  row.onkeydown = event => { if (event.key === 'Enter') row.onclick(); };
}
el('layer').onchange = () => choose(+el('layer').value);
load(0);
