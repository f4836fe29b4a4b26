/**
 * Rectangles whose areas are as the values, each as near to a square as can be: "squarified treemaps" by Bruls, Huizing and
 * van Wijk (2000).
 */

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** One box for each value, in their order; best from the largest to the smallest. A value of 0 has no area. */
export const treemap = (values: ReadonlyArray<number>, width: number, height: number): ReadonlyArray<Box> => {
  const total = values.reduce((sum, value) => sum + value, 0)
  const boxes: Array<Box> = []
  if (!(total > 0)) return values.map(() => ({ x: 0, y: 0, width: 0, height: 0 }))
  const areas = values.map((value) => (value / total) * width * height)
  let free: Box = { x: 0, y: 0, width, height }
  let at = 0
  while (at < areas.length) {
    const side = Math.min(free.width, free.height)
    const row = rowFrom(areas, at, side)
    const placed = place(row, free)
    boxes.push(...placed.boxes)
    free = placed.free
    at += row.length
  }
  return boxes
}

/** As many of the areas as make a row better for being in it. */
const rowFrom = (areas: ReadonlyArray<number>, from: number, side: number): ReadonlyArray<number> => {
  const row: Array<number> = []
  let worst = Infinity
  for (let at = from; at < areas.length; at += 1) {
    const grown = worstRatio([...row, areas[at] ?? 0], side)
    if (row.length > 0 && grown > worst) break
    worst = grown
    row.push(areas[at] ?? 0)
  }
  return row
}

/** How far from a square the worst of a row is. */
const worstRatio = (row: ReadonlyArray<number>, side: number): number => {
  const area = row.reduce((sum, one) => sum + one, 0)
  const [most, least] = [Math.max(...row), Math.min(...row)]
  // Nothing is worse than what has no area beside what has: it goes into whatever row there is.
  if (least <= 0 || area <= 0) return 0
  return Math.max((side * side * most) / (area * area), (area * area) / (side * side * least))
}

/** Puts a row along the shorter side. */
const place = (row: ReadonlyArray<number>, free: Box): { readonly boxes: ReadonlyArray<Box>; readonly free: Box } => {
  const area = row.reduce((sum, one) => sum + one, 0)
  const isColumn = free.width >= free.height
  const side = isColumn ? free.height : free.width
  const depth = side > 0 ? area / side : 0
  let offset = 0
  const boxes = row.map((one) => {
    const length = depth > 0 ? one / depth : 0
    const box = isColumn
      ? { x: free.x, y: free.y + offset, width: depth, height: length }
      : { x: free.x + offset, y: free.y, width: length, height: depth }
    offset += length
    return box
  })
  return {
    boxes,
    free: isColumn
      ? { x: free.x + depth, y: free.y, width: Math.max(0, free.width - depth), height: free.height }
      : { x: free.x, y: free.y + depth, width: free.width, height: Math.max(0, free.height - depth) }
  }
}
