/**
 * What `pg-native` is within the bundle of the command: not there. `pg` asks for it only where a program wants it.
 */
export default undefined
