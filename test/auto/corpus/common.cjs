"use strict"
module.exports = Object.freeze({ add, self })
function add(a, b) {
  return a + b
}
function self() {
  return module.exports
}
