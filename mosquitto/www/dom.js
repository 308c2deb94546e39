// The few things that the views do to the document. Text from outside is only ever text: nothing here reads it as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Give the element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Set the text of an element, if it is another one: an unchanged text disturbs no screen reader and no selection. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute; null takes it away. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Make an element with attributes and children, which are elements or texts. */
export function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make a picture of the page's own set, which says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Let a picture of that set be another one. */
export function setIcon(svg, name) {
  setAttribute(svg.firstElementChild, "href", `#icon-${name}`);
}

/**
 * Let `parent` have one child for each key, in this order. A child that is there already stays the same element, so that
 * what has the focus keeps it; `make` makes a new one of its key. Gives the children.
 */
export function childrenFor(parent, keys, make) {
  const before = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  const children = keys.map((key) => before.get(key) ?? keyed(make(key), key));
  if (children.length !== before.size || children.some((child, index) => child !== parent.children[index])) {
    parent.replaceChildren(...children);
  }
  return children;
}

function keyed(element, key) {
  element.dataset.key = key;
  return element;
}
