import * as R from "../src/Redaction.ts"
import { FastCheck as fc } from "effect"
import * as P from "../src/PlainValue.ts"
const r=R.make()
const best=(name:string,f:()=>void)=>{let b=1e9;for(let k=0;k<40;k++){const a=performance.now();for(let i=0;i<2e4;i++)f();b=Math.min(b,(performance.now()-a)/2e4*1e6)}console.log(name,b|0,"ns")}
const c="Loaded one hundred and twenty customers from a file in 35 ms"
const s=new R.Secrets(); for(let i=0;i<10;i++)s.add("s3cretValue"+i*7919)
const s2=new R.Secrets(); for(let i=0;i<200;i++)s2.add(Math.random().toString(36))
best("clean",()=>r.text(c)); best("clean 10",()=>r.text(c,s)); best("clean 200",()=>r.text(c,s2))
best("colon",()=>r.text("Error: could not read the file customers.csv at line 3, sorry"))
best("secret",()=>r.text("Error: could not log in with password=hunter2 at the database"))
const rec={customer:"c-1",rows:12,file:"customers.csv",ok:true}
best("plain 4",()=>P.fromRecord(rec)); best("record 4",()=>r.record(rec)); best("record 4 given",()=>r.record(rec,s))
const hs=new R.Secrets(); hs.add("a".repeat(4000)+"b"); hs.add("ab".repeat(2000));
{const a=performance.now(); r.text("a".repeat(1e6),hs); r.text("ab".repeat(5e5),hs); console.log("by value hostile ms",performance.now()-a|0)}
for (const t of ["token=","token:{",'password="',"a://b:","password: "]) for (const f of [r.text,r.source]) {const x=t.repeat(1e6/t.length); const a=performance.now(); f(x); console.log(t, f===r.text, performance.now()-a|0,"ms")}
{const a=performance.now(); s.add(Array.from({length:400},()=>Math.random().toString(36).slice(2,12)).join("")); console.log("add 4KB", performance.now()-a)}
const parts = fc.constantFrom("password","token","=",":"," ",'"',"'","\\","{","}","[","]","&",";",",","\n","@","a://","--","Bearer ","Basic ","<redacted>","<",">","eyJabcdefghijkl",".","-","_","sk-abcdefghijklmnopq","AKIAABCDEFGHIJKL1234","cookie","Authorization: ","hunter22","xyzw","api","key","/","12","expired","+","export ","DB_","-----BEGIN PRIVATE KEY-----","-----END PRIVATE KEY-----","hooks.slack.com/services/","abcd")
const sec = new R.Secrets(); for (const x of ["hunter22","xyzw","d>ab","ter22xy"]) sec.add(x)
let bad=0
fc.assert(fc.property(fc.array(parts,{maxLength:14}),(t)=>{const o=r.text(t.join(""),sec); if(r.text(o,sec)!==o) throw new Error(JSON.stringify([t.join(""),o,r.text(o,sec)]))}),{numRuns:300000})
