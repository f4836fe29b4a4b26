import { second } from "./cycleB.mjs"
export function first() {
  return `first ${second()}`
}
export function third() {
  return "third"
}
