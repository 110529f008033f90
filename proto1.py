import sys,time
from verified_barrier.verification.tlc import Tlc
from verified_barrier.verification.resources import SPEC, read_modules
from verified_barrier.verification.proof.sany import parse
from verified_barrier.verification.proof.smt import *
from verified_barrier.verification.proof.paths import *
import z3
tlc=Tlc.find()
m=parse(sys.argv[1],read_modules(SPEC),tlc,60)
print(m.constants,m.variables,len(m.assumptions))
T=Translator(m,None)
types=sys.argv[2].split(',')
kinds=[k for n in types for k in T.kinds(n)]
before={n:T.world.unknown(n,k) for n,k in kinds}
P=Paths(T,before)
t=time.time()
n=0
for node in m.definitions['Next'].body.operands:
    ps=list(P.through(node)); n+=len(ps)
    print((node.operands[0] if node.bound else node).operator,len(ps),sum(not p.covered for p in ps))
print(n,time.time()-t)
