// Shows a Counterfoil Connect page over this one: counterfoil.connect({url, onEvent}) with the url of a connect session.
(w=>{w.counterfoil={connect({url,onEvent=()=>{},title='Connect'}){
const d=document,u=new URL(url),id=u.pathname.split('/').pop(),box=d.createElement('dialog'),frame=d.createElement('iframe'),back=d.activeElement
const css=(n,o)=>Object.assign(n.style,o)
css(box,{border:0,padding:0,width:'min(30rem,100vw)',maxWidth:'100vw',maxHeight:'100dvh',borderRadius:'1rem',overflow:'hidden',background:'Canvas',boxShadow:'0 24px 64px -16px #0008'})
css(frame,{display:'block',border:0,width:'100%',height:'24rem',maxHeight:'96dvh',colorScheme:'light dark'})
frame.src=url
frame.title=box.ariaLabel=title
const close=()=>{
w.removeEventListener('message',hear)
box.remove()
if(back&&back.focus)back.focus()}
const end=()=>{close();onEvent({v:1,type:'closed',session_id:id})}
const hear=e=>{
const m=e.data
// Anybody may post a message here; ours come from that origin, out of that frame, about that session.
if(e.origin!==u.origin||e.source!==frame.contentWindow||!m||m.v!==1||m.session_id!==id)return
if(m.type==='resize'){frame.style.height=Math.min(Math.max(+m.height||0,160),4000)+'px'}
if(m.type==='closed')end()
else onEvent(m)}
w.addEventListener('message',hear)
box.addEventListener('cancel',e=>{e.preventDefault();end()})
box.append(frame)
d.body.append(box)
box.showModal()
return{close}}}})(window)
