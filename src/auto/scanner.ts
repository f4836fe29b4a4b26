/**
 * The functions and classes that a module declares, found without parsing it: strings, templates, comments, regular
 * expressions and brackets are followed, and nothing else. That takes a tenth of the time, which a program of hundreds of
 * modules notices when it starts.
 *
 * What it finds too much does no harm, since what is added to a module catches all that it may throw; where brackets do not
 * come out even, it finds nothing, and the module is parsed.
 */

export interface Declarations {
  readonly functions: ReadonlyArray<string>
  readonly classes: ReadonlyArray<DeclaredClass>
  /** Where the body begins, behind its directives. */
  readonly start: number
}

export interface DeclaredClass {
  readonly name: string
  /** Where its declaration ends, where that is known. */
  readonly end: number | undefined
}

/** What has to be looked at: comments and strings as a whole, brackets, what may begin a regular expression, declarations. */
const tokens =
  /\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|[`{}()[\]/]|\b(?:function|class)\b/g

const regularExpression = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[\w$]*/y

const inTemplate = /\\[\s\S]|`|\$\{/g

export const functionName = /\s*\*?\s*(?:([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*)?\(/uy

const className = /\s*(?:extends\b|\{|([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(?:extends\b|\{))/uy

/** Up to the bracket that begins the body, where nothing before that has one. */
const classHead = /\s*[\p{ID_Start}$_][\p{ID_Continue}$]*\s*(?:extends\s+[\w$.]+\s*)?\{/uy

/** Behind these words an expression begins. */
const operators = new Set(
  "return typeof case in of delete void throw new else do instanceof yield await default".split(" ")
)

const controls = new Set(["if", "while", "for", "with"])

/** `undefined` where it cannot be sure. */
export const scan = (source: string, isScript: boolean): Declarations | undefined => {
  // Such comments are those of HTML in scripts, and operators in modules.
  if (isScript && (source.includes("<!--") || source.includes("-->"))) return undefined
  return new Scanner(source).scan()
}

class Scanner {
  readonly #functions = new Set<string>()
  readonly #classes: Array<DeclaredClass> = []
  /** The class whose body is next or open, and where that begins. */
  #body: { readonly name: string; readonly begin: number } | undefined
  /** Where comments begin, by where they end. */
  readonly #comments = new Map<number, number>()
  /** Where the brackets are that are open: most are never asked what they are. */
  readonly #open: Array<number> = []
  /** Where the bracket is that was closed last. */
  #closed = 0

  constructor(readonly source: string) {}

  scan(): Declarations | undefined {
    const { source } = this
    const start = startOf(source)
    tokens.lastIndex = source.startsWith("#!") ? lineEnd(source, 0) : 0
    for (let token = tokens.exec(source); token !== null; token = tokens.exec(source)) {
      const [text] = token
      const after = this.#take(text, token.index, tokens.lastIndex)
      if (after === undefined) return undefined
      tokens.lastIndex = after
    }
    if (this.#open.length > 0) return undefined
    return { functions: Array.from(this.#functions), classes: this.#classes, start }
  }

  /** Where to go on behind a token; `undefined` where it cannot be sure. */
  #take(text: string, at: number, end: number): number | undefined {
    if (text.startsWith("//") || text.startsWith("/*")) {
      this.#comments.set(end, at)
      return end
    }
    switch (text) {
      case "(":
      case "{":
      case "[":
        this.#open.push(at)
        return end
      case ")":
        return this.#close("(") ? end : undefined
      case "]":
        return this.#close("[") ? end : undefined
      case "}":
        if (this.source.charAt(this.#open.at(-1) ?? at) === "$") {
          this.#open.pop()
          return this.#template(end)
        }
        if (!this.#close("{")) return undefined
        if (this.#body !== undefined && this.#open.length === 0) this.#endClass(end)
        return end
      case "`":
        return this.#template(end)
      case "/":
        return this.#slash(at, end)
      case "function":
      case "class":
        return this.#open.length > 0 || !this.#isStatement(at) ? end : this.#declaration(text, end)
      default:
        return end
    }
  }

  #close(bracket: string): boolean {
    const opened = this.#open.pop()
    if (opened === undefined || this.source.charAt(opened) !== bracket) return false
    this.#closed = opened
    return true
  }

  /** The rest of a template, up to its end or to what is put into it. */
  #template(from: number): number | undefined {
    inTemplate.lastIndex = from
    for (let part = inTemplate.exec(this.source); part !== null; part = inTemplate.exec(this.source)) {
      if (part[0] === "`") return inTemplate.lastIndex
      if (part[0] === "${") {
        this.#open.push(inTemplate.lastIndex - 2)
        return inTemplate.lastIndex
      }
    }
    return undefined
  }

  /** A regular expression, or a division. */
  #slash(at: number, end: number): number {
    if (!this.#isRegularExpression(at)) return end
    regularExpression.lastIndex = at
    return regularExpression.test(this.source) ? regularExpression.lastIndex : end
  }

  #isRegularExpression(at: number): boolean {
    const before = this.#before(at)
    const last = this.source.charAt(before)
    switch (last) {
      case ")":
        return controls.has(this.#wordBefore(this.#closed))
      case "}":
        return this.#isBlock(this.#closed)
      case "]":
      case '"':
      case "'":
      case "`":
        return false
      case "+":
      case "-":
        return this.source.charAt(before - 1) !== last
      default:
        return !isWord(last) || operators.has(this.#wordBefore(at))
    }
  }

  #isBlock(at: number): boolean {
    const before = this.#before(at)
    const last = this.source.charAt(before)
    if (isWord(last)) {
      const word = this.#wordBefore(at)
      return !operators.has(word) || word === "else" || word === "do"
    }
    if (last === ":") return this.#open.length === 0 || this.#isBlock(this.#open.at(-1) ?? 0)
    return last === "" || ");{}".includes(last) || (last === ">" && this.source.charAt(before - 1) === "=")
  }

  #declaration(kind: "function" | "class", end: number): number | undefined {
    const found = matchAt(kind === "class" ? className : functionName, this.source, end)
    if (found === null) return undefined
    const [, name] = found
    if (name === undefined || name.startsWith("_")) return end
    if (kind === "function") {
      this.#functions.add(name)
      return end
    }
    const head = matchAt(classHead, this.source, end)
    if (head === null) this.#classes.push({ name, end: undefined })
    else this.#body = { name, begin: end + head[0].length }
    return end
  }

  #endClass(end: number): void {
    if (this.#body === undefined || this.#body.begin > end) return
    this.#classes.push({ name: this.#body.name, end })
    this.#body = undefined
  }

  /** Whether a statement begins here. */
  #isStatement(at: number): boolean {
    const before = this.#before(at)
    const last = this.source.charAt(before)
    if (last === "" || last === ";" || last === "}") return true
    const isNextLine = /[\n\r\u2028\u2029]/.test(this.source.slice(before + 1, at))
    if (!isWord(last)) return isNextLine && /[)\]"'`/]/.test(last)
    const word = this.#wordBefore(at)
    if (word === "async") return this.#isStatement(before - 4)
    return word === "export" || word === "default" || (isNextLine && !operators.has(word))
  }

  /** Where the last character is that is before this one and neither a space nor in a comment. */
  #before(at: number): number {
    let before = at - 1
    while (before >= 0) {
      const comment = this.#comments.get(before + 1)
      if (comment !== undefined) before = comment - 1
      else if (/\s/.test(this.source.charAt(before))) before -= 1
      else break
    }
    return before
  }

  /** The word before this, if it is no property's name. */
  #wordBefore(at: number): string {
    const end = this.#before(at) + 1
    let begin = end
    while (isWord(this.source.charAt(begin - 1))) begin -= 1
    return this.source.charAt(begin - 1) === "." ? "" : this.source.slice(begin, end)
  }
}

/** Where the body begins, behind the directives and what comments there are. */
export const startOf = (source: string): number => {
  let start = source.startsWith("#!") ? lineEnd(source, 0) : 0
  for (;;) {
    start = blank(source, start)
    directive.lastIndex = start
    const end = directive.test(source) ? directive.lastIndex : start
    if (end === start || !isWhole(source, end)) return start
    start = end
  }
}

export const matchAt = (pattern: RegExp, source: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(source)
}

const isWord = (character: string): boolean => character !== "" && /[\w$\u0080-\uffff]/.test(character)

const lineEnd = (source: string, from: number): number => {
  const end = source.indexOf("\n", from)
  return end === -1 ? source.length : end
}

const blanks = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y

const blank = (source: string, from: number): number => {
  blanks.lastIndex = from
  return blanks.test(source) ? blanks.lastIndex : from
}

const directive = /"(?:[^"\\\n]|\\[\s\S])*"(?:\s*;)?|'(?:[^'\\\n]|\\[\s\S])*'(?:\s*;)?/y

/** Whether a text that ends here is a statement of its own, and not the beginning of an expression. */
const isWhole = (source: string, end: number): boolean => {
  if (source.charAt(end - 1) === ";") return true
  const next = blank(source, end)
  const isNextLine = /[\n\r\u2028\u2029]/.test(source.slice(end, next))
  return next === source.length || (isNextLine && !/[.,([`+\-*/%?:<>=&|^!]|in\b|instanceof\b/y.test(source.slice(next)))
}
