/**
 * Drawing the eye to an element for a moment.
 */
export const flash = (element: Element): void => {
  element.classList.remove("flash")
  requestAnimationFrame(() => element.classList.add("flash"))
}
