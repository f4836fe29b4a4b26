/**
 * Remembers the last few answers of a function of a text: what was not asked for longest is forgotten first.
 */
export const remembering = <A>(capacity: number, compute: (key: string) => A): ((key: string) => A) => {
  // A Map keeps the order of insertion, so its first key is the one unused for longest.
  const known = new Map<string, { readonly value: A }>()
  return (key) => {
    const hit = known.get(key)
    if (hit !== undefined) {
      // Reordering costs more than the look-up: only a full cache needs to know what is old.
      if (known.size === capacity) {
        known.delete(key)
        known.set(key, hit)
      }
      return hit.value
    }
    const entry = { value: compute(key) }
    if (known.size >= capacity) {
      for (const oldest of known.keys()) {
        known.delete(oldest)
        break
      }
    }
    known.set(key, entry)
    return entry.value
  }
}
