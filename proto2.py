import sys,time
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.resources import SPEC, read_modules
from verified_barrier.verification.proof.sany import parse,Node
from verified_barrier.verification.proof.smt import *
from verified_barrier.verification.proof.paths import *
from verified_barrier.verification.proof.prover import *
import z3
tlc=Tlc.find()
mods=read_modules(SPEC)
mods['LocksProof.tla']=open('/tmp/proto/LocksProof.tla').read()
m=parse('LocksProof',mods,tlc,60)
T=Translator(m,None); w=T.world
kinds=list(T.kinds('LocksTypeOK'))
INV="LocksTypeOK Numbers Domains LockHeld DoneFirst OtherIs EffectsAtWake Fresh EventFits LeftAre DoneAreGone InPlace ExceptedLocations DueAre DoneAreOut WaitersInLine Line HeldLine NoTwice EffectsApart Actors ActingIs Leaving Unarrived Open Counted".split()
def variables(name,seen=None):
    seen=set() if seen is None else seen
    out=set()
    def walk(n):
        if n.operator in m.variables: out.add(n.operator)
        if n.operator in m.definitions and n.operator not in seen:
            seen.add(n.operator); walk(m.definitions[n.operator].body)
        for o in n.operands: walk(o)
        for _,d in n.bound: walk(d)
    walk(m.definitions[name].body)
    return out
VARS={n:variables(n) for n in INV}
only=[a for a in sys.argv[1:] if a[0]!='-']
t0=time.time(); n=bad=same_=alone=0
class Sum(dict):
    def __missing__(s,k): return 0
per=Sum()
for ph in (["FILLING","TRIPPING","RESETTING","BREAKING","BROKEN"] if "--split" in sys.argv else [None]):
    before={v:w.unknown(v,k) for v,k in kinds}
    if ph: before['phase']=w.string(ph)
    P=Paths(T,before)
    now=Moment(before)
    base=[T.read(a,now) for a in m.assumptions]
    inv={x:T.named(x,now) for x in INV}
    base+=list(inv.values())+[T.named('EnoughGenerations',now)]
    pr=Prover(w,[z3.simplify(b) for b in base])
    for node in m.definitions['Next'].body.operands:
        a=(node.operands[0] if node.bound else node).operator
        if only and a not in only: continue
        t1=time.time()
        for k,p in enumerate(P.through(node)):
            then=Moment(p.after)
            if not p.covered:
                with pr.given(p.conditions):
                    if not pr.proves(Goal((),w.truth(False)),5): print('NOT COVERED',a,k)
                continue
            with pr.given([*p.conditions, T.named('EnoughGenerations',then)]):
                if pr.proves(Goal((),w.truth(False)),0.3): continue
                for name in INV:
                    n+=1
                    if all(p.after[v] is before[v] for v in VARS[name]): same_+=1; continue
                    t=time.time()
                    gs=list(goals(T,m.definitions[name].body,then,{}))
                    f=z3.simplify(z3.And(*[z3.Implies(w.both(*g.given),g.formula) for g in gs]))
                    ok=z3.is_true(f) or pr.proves(Goal((),f),2.0)
                    if not ok:
                        alone+=1
                        for j,g in enumerate(gs):
                            t2=time.time()
                            if not pr.proves(g,5.0):
                                bad+=1; print('  ',a,k,name,j,f'{time.time()-t2:.1f}',str(z3.simplify(g.formula))[:150].replace('\n',' '),flush=True)
                    per[name]+=time.time()-t
        print(a,f'{time.time()-t1:.1f}',flush=True)
print(n,same_,alone,bad,time.time()-t0, time.process_time())
print(sorted(per.items(),key=lambda x:-x[1]))
