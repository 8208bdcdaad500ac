// Draws a QR code as SVG.
import { generate } from '/lean-qr.mjs';

const SVG = 'http://www.w3.org/2000/svg';
/** Light modules around the code, without which many cameras don't find it. */
const BORDER = 4;

/** Dark on light in the dark mode too, because apps read nothing else. @param {string} text @param {string} label */
export function qrCode(text, label) {
  const code = generate(text);
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  const size = code.size + 2 * BORDER;
  path.setAttribute('d', darkModules(code));
  svg.setAttribute('viewBox', `${-BORDER} ${-BORDER} ${size} ${size}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('shape-rendering', 'crispEdges');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  svg.append(path);
  return svg;
}

/** @param {ReturnType<typeof generate>} code */
function darkModules(code) {
  let path = '';
  for (let y = 0; y < code.size; y++)
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  return path;
}
