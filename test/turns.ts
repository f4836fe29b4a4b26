/**
 * Between any two tests the process does what waits. Tests that only work, one after the other, would keep it from that for
 * minutes, and who runs them takes a process that is not heard from for one for lost.
 */
import { afterEach } from "@effect/vitest"

// Some tests replace it.
const { setImmediate } = globalThis

afterEach(() => new Promise<void>((resolve) => setImmediate(resolve)))
