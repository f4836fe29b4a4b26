import { third } from "./cycleA.mjs"

const early = third()
export function second() {
  return `second ${early} ${third()}`
}
