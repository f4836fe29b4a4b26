/**
 * A copy of a map. `new Map(map)` makes a list of two for each entry on its way: twice the memory, and twice the time.
 */
export const mapCopy = <K, V>(map: ReadonlyMap<K, V>): Map<K, V> => {
  const copy = new Map<K, V>()
  map.forEach((value, key) => {
    copy.set(key, value)
  })
  return copy
}
