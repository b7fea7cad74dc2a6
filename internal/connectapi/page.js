(d=>{
const q=(s,r=d)=>r.querySelector(s),said=t=>q('#status').textContent=t
// The link's fragment is posted and taken out of the address, so that no history has it.
const e=q('#enter'),h=location.hash.slice(1)
if(e&&h){
history.replaceState(null,'',location.pathname)
e.token.value=h
e.framed.value=top===self?'':1
q('main').hidden=true
e.submit()
return}
// Messages go to the sites of the session and to no other: a browser hands one over to the window it is addressed to.
const tell=(type,more)=>{
if(parent===self)return
const m=q('main').dataset,a=location.ancestorOrigins
for(const o of m.sites.split(' '))if(o&&(!a||a[0]===o))parent.postMessage({v:1,type,session_id:m.session,...more},o)}
const arrive=first=>{
const m=q('main'),s=m.dataset
d.querySelectorAll('.reveal').forEach(b=>b.hidden=false)
if(s.event)tell(s.event,{...s.connection&&{connection_id:s.connection},...s.error&&{error:{code:s.error,...s.stage&&{stage:s.stage}}}})
tell('resize',{height:Math.ceil(m.getBoundingClientRect().height)+24})
if(!first||q('[data-focus]'))(q('[data-focus]')||q('h1')).focus()}
const swap=(t,u)=>{
const n=new DOMParser().parseFromString(t,'text/html'),m=q('main',n)
if(!m)return location.reload()
// What was typed stays in this page's memory; no answer has a secret in it.
const kept={}
d.querySelectorAll('[data-secret]').forEach(i=>kept[i.name]=i.value)
q('main').replaceWith(m)
let all=1
m.querySelectorAll('[data-secret]').forEach(i=>{if(!(i.value=kept[i.name]||''))all=0})
if(all&&q('#again'))q('#again').remove()
d.title=n.title
if(u)history.replaceState(null,'',u)
said('')
arrive()}
const send=async(u,f,more)=>{
const b=new URLSearchParams(new FormData(f))
for(const k in more)b.set(k,more[k])
return fetch(u,{method:'POST',body:b})}
d.addEventListener('submit',async e=>{
const f=e.target,m=q('main')
if('agree'in f.dataset){tell('submit');wait(f)}
if(!('try'in f.dataset))return
e.preventDefault()
if(m.ariaBusy)return
m.ariaBusy='true'
said(m.dataset.checking)
tell('submit')
try{
const a=await send(f.action,f)
swap(await a.text(),a.redirected&&a.url)
}catch{
m.removeAttribute('aria-busy')
said(m.dataset.offline)}})
// While somebody agrees in another window, this one asks how it went.
const wait=(f,n=300)=>n&&setTimeout(async()=>{
const u=f.action.replace(/agree$/,'')
try{
const a=await send(u+'look',f)
if((await a.json()).over){swap(await(await send(u+'done',f)).text());return}
}catch{}
wait(f,n-1)},2000)
d.addEventListener('click',e=>{
const b=e.target.closest('button,.banner a')
if(!b)return
if('close'in b.dataset)tell('closed')
if(b.hash){e.preventDefault();q(b.hash).focus()}
if(b.className==='reveal'){
const i=d.getElementById(b.getAttribute('aria-controls')),on=b.ariaPressed!=='true'
b.ariaPressed=on
if(i.type==='textarea')i.classList.toggle('veiled',!on)
else i.type=on?'text':'password'}})
// A list is chosen from by value as well: "com.au" as it stands at the end of an address.
let word='',at=0
d.addEventListener('keydown',e=>{
const o=e.target
if(e.key==='Escape')tell('closed')
if(o.type!=='select-one'||e.key.length>1||e.ctrlKey||e.metaKey)return
word=(e.timeStamp-at>1500?'':word)+e.key.toLowerCase()
at=e.timeStamp
const v=word.replace(/^\./,'')
if(v&&[...o.options].some(x=>x.value===v)){e.preventDefault();o.value=v}})
// An address, a .env file or JSON that is pasted fills all fields that it tells of. The answer has no secrets: it says
// where in the text they stand.
d.addEventListener('paste',async e=>{
const i=e.target,f=i.form,t=e.clipboardData.getData('text')
if(!f||!('try'in f.dataset)||i.type==='textarea'||!/[\n{]|:\/\/|^\s*(export )?\w+\s*=/.test(t))return
e.preventDefault()
let r={}
try{r=await(await send(f.action.replace(/try$/,'paste'),f,{text:t})).json()}catch{}
if(!r.fields)return i.setRangeText(t.trim(),i.selectionStart,i.selectionEnd,'end')
for(const k in r.fields){
const o=f.elements['f.'+k],v=r.fields[k]
if(o)o.value=v.value??t.slice(v.from,v.to)}
said(q('main').dataset.filled+' '+r.said)})
new ResizeObserver(()=>tell('resize',{height:Math.ceil(q('main').getBoundingClientRect().height)+24})).observe(d.body)
arrive(1)
})(document)
