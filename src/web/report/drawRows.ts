/**
 * Draws thousands of rows into a picture of a few pixels.
 */
import { isFailed, type TreeNode } from "./tree.js"

/** Of the picture, in pixels. */
const height = 56
/** Above and below the rows. */
const margin = 3
/** From so many rows on they cover one another, and are drawn fainter. */
const manyRows = 400

export const drawRows = (
  canvas: HTMLCanvasElement,
  rows: ReadonlyArray<TreeNode>,
  /** The time that the width is for. */
  span: number,
  width: number
): void => {
  const scale = devicePixelRatio || 1
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext("2d")
  if (context === null || width === 0) return
  context.scale(scale, scale)
  const colour = coloursOf(canvas)
  const thickness = Math.max(0.6, Math.min(3, (height - 2 * margin) / Math.max(1, rows.length)))
  // Failures last: a picture of thousands of rows must still show the one that failed.
  for (const failed of [false, true]) {
    context.globalAlpha = failed || rows.length < manyRows ? 0.95 : 0.6
    for (const [i, row] of rows.entries()) {
      if (isFailed(row.node) !== failed) continue
      context.fillStyle = colour(row)
      context.fillRect(
        (row.node.start / span) * width,
        margin + (i / Math.max(1, rows.length)) * (height - 2 * margin),
        Math.max(failed ? 2.5 : 0.8, ((row.end - row.node.start) / span) * width),
        failed ? Math.max(2.5, thickness) : thickness
      )
    }
  }
}

/** As the theme in force has them. */
const coloursOf = (canvas: HTMLCanvasElement): ((row: TreeNode) => string) => {
  const colour = (name: string) => {
    canvas.style.setProperty("color", `var(${name})`)
    return getComputedStyle(canvas).color
  }
  const [bar, failed, cancelled, story] = ["--bar", "--fail", "--cancel", "--story"].map(colour)
  return ({ node }) =>
    (isFailed(node) ? failed : node.status === "cancelled" ? cancelled : node.story === undefined ? bar : story) ?? ""
}
