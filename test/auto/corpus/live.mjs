export let counter = 0
export function increment() {
  counter += 1
  return counter
}
export default function () {
  return "default"
}
