/**
 * Points in time and spans of it, as people say them.
 */
import { seconds } from "../plain/durationText.js"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long ago it was, in one unit; the day itself beyond a fortnight. */
export const ago = (millis: number, now: number): string => {
  const elapsed = now - millis
  // Clocks of different machines differ by a little.
  if (elapsed < second && elapsed > -minute) return "now"
  if (elapsed < 0 || elapsed >= 14 * day) return new Date(millis).toISOString().slice(0, 10)
  if (elapsed < minute) return `${Math.floor(elapsed / second)}s ago`
  if (elapsed < hour) return `${Math.floor(elapsed / minute)}m ago`
  if (elapsed < 2 * day) return `${Math.floor(elapsed / hour)}h ago`
  return `${Math.floor(elapsed / day)}d ago`
}

/** `340µs`, `0.012s`, `83.500s`, and from 100 seconds on `1m 40s`, `2h 05m`. */
export const took = (duration: number): string => {
  if (duration < 100) return seconds(duration)
  const whole = Math.round(duration)
  const two = (value: number) => String(value).padStart(2, "0")
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  return `${Math.floor(whole / 3_600)}h ${two(Math.floor(whole / 60) % 60)}m`
}
