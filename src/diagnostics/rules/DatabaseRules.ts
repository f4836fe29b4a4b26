/**
 * What goes wrong with a database: SQLite by its codes, PostgreSQL by SQLSTATE
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html), MySQL by the names of its errors.
 */
import type { Clues, Rule } from "./Rule.js"

const row = ["code", "constraint", "table", "column", "detail"]

const says =
  (form: RegExp) =>
  ({ said }: Clues): boolean =>
    said(form) !== undefined

/** SQLite has one code for whatever is wrong with a statement: only its message says which. */
const sqliteSays = (form: RegExp) => (clues: Clues) => !/SQLITE/.test(clues.text("code") ?? "") || says(form)(clues)

const rowRules: ReadonlyArray<Rule> = [
  {
    id: "unique-violation",
    when: "A row with the same key is there already.",
    match: {
      codes: [
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_ROWID",
        "ERR_SQLITE_ERROR",
        "23505",
        "ER_DUP_ENTRY"
      ]
    },
    fits: (clues) => clues.text("code") !== "ERR_SQLITE_ERROR" || says(/^UNIQUE constraint/)(clues),
    hint: "Look the row up first, or insert with `on conflict` to update or skip it. A retried insert meets its own first attempt.",
    evidence: row
  },
  {
    id: "foreign-key-violation",
    when: "A row refers to one that is not there, or is still referred to.",
    match: {
      codes: [
        "SQLITE_CONSTRAINT_FOREIGNKEY",
        "ERR_SQLITE_ERROR",
        "23503",
        "ER_NO_REFERENCED_ROW_2",
        "ER_ROW_IS_REFERENCED_2"
      ]
    },
    fits: (clues) => clues.text("code") !== "ERR_SQLITE_ERROR" || says(/^FOREIGN KEY constraint/)(clues),
    hint: "Insert the row it refers to first, in the same transaction; delete those that refer to it before it.",
    evidence: row
  },
  {
    id: "not-null-violation",
    when: "A column that needs a value was given none.",
    match: { codes: ["SQLITE_CONSTRAINT_NOTNULL", "ERR_SQLITE_ERROR", "23502", "ER_BAD_NULL_ERROR"] },
    fits: (clues) => clues.text("code") !== "ERR_SQLITE_ERROR" || says(/^NOT NULL constraint/)(clues),
    hint: "Give the column a value, or a default; check the value where it enters the program.",
    evidence: row
  },
  {
    id: "check-violation",
    when: "A value breaks a check of its table.",
    match: { codes: ["SQLITE_CONSTRAINT_CHECK", "SQLITE_CONSTRAINT_DATATYPE", "ERR_SQLITE_ERROR", "23514", "23P01"] },
    fits: (clues) => clues.text("code") !== "ERR_SQLITE_ERROR" || says(/^CHECK constraint/)(clues),
    hint: "Correct the value: the table's check says what it allows.",
    evidence: row
  },
  {
    id: "value-too-long",
    when: "A text is too long for its column.",
    match: { codes: ["22001", "ER_DATA_TOO_LONG"] },
    hint: "Shorten the text where it enters the program, or widen the column.",
    evidence: row
  },
  {
    id: "value-out-of-range",
    when: "A number does not fit its column.",
    match: { codes: ["22003"] },
    hint: "Use a wider column type, or check the number first.",
    evidence: row
  },
  {
    id: "value-unreadable",
    when: "A text cannot be read as its column's type.",
    match: { codes: ["22P02", "22007", "22008"] },
    hint: "Check and convert the value before it goes into the statement.",
    evidence: row
  },
  {
    id: "bound-type",
    when: "A value was bound that SQLite has no type for.",
    match: { types: ["TypeError"] },
    fits: says(/^SQLite3 can only bind numbers, strings, bigints, buffers, and null$/),
    hint: "Convert it first: a date to text, a truth value to 0 or 1, an object to JSON, `undefined` to `null`.",
    exactCause: () => "a value was bound to a statement that SQLite has no type for"
  },
  {
    id: "bound-count",
    when: "A statement was given too few or too many values.",
    match: { types: ["RangeError"] },
    fits: says(/^Too (?:few|many) parameter values were provided$/),
    hint: "Give one value for each placeholder of the statement.",
    exactCause: ({ said }) =>
      said(/^Too (few|many)/)?.[1]
        ?.replace(/^/, "a statement was given too ")
        .concat(" values")
  }
]

const statementRules: ReadonlyArray<Rule> = [
  {
    id: "table-missing",
    when: "There is no such table.",
    match: { codes: ["SQLITE_ERROR", "ERR_SQLITE_ERROR", "42P01", "ER_NO_SUCH_TABLE"] },
    fits: sqliteSays(/^no such table:/),
    hint: "Run the migrations against this database, and check that it is the one meant.",
    evidence: ["code", "table"]
  },
  {
    id: "column-missing",
    when: "There is no such column.",
    match: { codes: ["SQLITE_ERROR", "ERR_SQLITE_ERROR", "42703", "ER_BAD_FIELD_ERROR"] },
    fits: sqliteSays(/^no such column:|has no column named/),
    hint: "Run the missing migration, or correct the column's name.",
    detail: ({ text }) =>
      /^"/.test(text("column") ?? "")
        ? "Put a text in SQL into single quotes; double quotes make it a name."
        : undefined,
    evidence: ["code", "column", "table"]
  },
  {
    id: "sql-syntax",
    when: "A statement is not valid SQL.",
    match: { codes: ["SQLITE_ERROR", "ERR_SQLITE_ERROR", "42601", "ER_PARSE_ERROR"] },
    fits: sqliteSays(/: syntax error$|^incomplete input$|^unrecognized token/),
    hint: "Correct the statement near the place named; pass values as parameters, never as part of the text.",
    evidence: ["code", "position"]
  },
  {
    id: "database-permission",
    when: "The database user may not do this.",
    match: { codes: ["42501", "SQLITE_PERM", "SQLITE_AUTH", "ER_TABLEACCESS_DENIED_ERROR"] },
    hint: "Grant the user the right, or use the user who has it.",
    evidence: row
  },
  {
    id: "transaction-aborted",
    when: "A statement came after another of its transaction had failed.",
    match: { codes: ["25P02"] },
    hint: "Look for the first error of this transaction: it is the cause. Roll back before going on.",
    exactCause: () => "an earlier statement of the same transaction had failed, so this one was not run (25P02)",
    evidence: ["code"]
  },
  {
    id: "statement-cancelled",
    when: "The database cancelled the statement, mostly for taking too long.",
    match: { codes: ["57014"] },
    hint: "Make the statement faster (an index, fewer rows), or raise `statement_timeout` where so long is right.",
    evidence: ["code"]
  }
]

const contentionRules: ReadonlyArray<Rule> = [
  {
    id: "database-locked",
    when: "Another connection holds the database.",
    match: { codes: ["SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "ER_LOCK_WAIT_TIMEOUT"] },
    hint: "Keep transactions short, and set a busy timeout so that writers wait for each other. In SQLite, WAL mode lets readers go on.",
    evidence: ["code"]
  },
  {
    id: "deadlock",
    when: "Two transactions waited for each other, and this one was rolled back.",
    match: { codes: ["40P01", "ER_LOCK_DEADLOCK"] },
    hint: "Run the transaction again, and have all of them lock rows in the same order.",
    evidence: ["code", "detail"]
  },
  {
    id: "serialization-failure",
    when: "A transaction met another one, and was rolled back.",
    match: { codes: ["40001"] },
    hint: "Run the whole transaction again: at this isolation level that is expected.",
    evidence: ["code"]
  },
  {
    id: "too-many-connections",
    when: "The database has no connection left.",
    match: { codes: ["53300", "ER_CON_COUNT_ERROR"] },
    hint: "Lower the pools' sizes so that together they stay below the limit, and give connections back: check for scopes that never close.",
    evidence: ["code"]
  }
]

const serverRules: ReadonlyArray<Rule> = [
  {
    id: "database-login",
    when: "The database refused the login.",
    match: { codes: ["28P01", "28000", "ER_ACCESS_DENIED_ERROR"] },
    hint: "Check user, password and database in the settings this process really reads.",
    evidence: ["code"]
  },
  {
    id: "database-missing",
    when: "There is no such database.",
    match: { codes: ["3D000", "ER_BAD_DB_ERROR"] },
    hint: "Create the database, or correct its name in the connection settings.",
    evidence: ["code"]
  },
  {
    id: "database-connection-lost",
    when: "The connection to the database broke or could not be made.",
    match: { codes: ["08", "PROTOCOL_CONNECTION_LOST"] },
    hint: "Check that the database runs and can be reached, and run the transaction again on a new connection.",
    evidence: ["code"]
  },
  {
    id: "database-shutting-down",
    when: "The database is starting or shutting down.",
    match: { codes: ["57P01", "57P02", "57P03"] },
    hint: "Connect again when it is up.",
    evidence: ["code"]
  },
  {
    id: "database-full",
    when: "The database has no room left to write.",
    match: { codes: ["53100", "SQLITE_FULL"] },
    hint: "Free room on the device that holds the database.",
    evidence: ["code"]
  },
  {
    id: "database-read-only",
    when: "The database can only be read.",
    match: { codes: ["SQLITE_READONLY", "25006"] },
    hint: "Write through a connection that may write. SQLite also needs the right to write into the folder of the file; a replica is never written to.",
    evidence: ["code"]
  },
  {
    id: "database-cannot-open",
    when: "The database file cannot be opened.",
    match: { codes: ["SQLITE_CANTOPEN"] },
    hint: "Create the folder of the file, and check that this process may read and write it.",
    evidence: ["code"]
  },
  {
    id: "database-folder-missing",
    when: "The folder of the database file does not exist.",
    match: { types: ["TypeError"] },
    fits: says(/^Cannot open database because the directory does not exist$/),
    hint: "Create the folder before the database is opened, or correct the file's path."
  },
  {
    id: "database-corrupt",
    when: "The file is damaged, or is no database.",
    match: { codes: ["SQLITE_CORRUPT", "SQLITE_NOTADB"] },
    hint: "Check the path first: there may be another file. Restore a damaged database from a backup; `pragma integrity_check` shows how far the damage goes.",
    evidence: ["code"]
  },
  {
    id: "database-io",
    when: "The system could not read or write the database file.",
    match: { codes: ["SQLITE_IOERR", "58030"] },
    hint: "Check the disk and the mount: SQLite needs a local file system with working locks.",
    evidence: ["code"]
  }
]

export const databaseRules: ReadonlyArray<Rule> = [...rowRules, ...statementRules, ...contentionRules, ...serverRules]
