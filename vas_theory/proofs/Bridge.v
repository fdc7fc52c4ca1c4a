(* Written by `python -m vas_theory proofs --record`; not to be edited. Every number is what the package's own function
   of a claim gives at a rational point; Rocq proves that the theorem's term has the same value there. *)
Require Import Reals Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Vas Require Additions BetaPools BinomialMeans Calculus Clipping Consistency Counterexamples Curvature Derivative Eigenvalues ExactStep ExplainedVariance FirstMoment Fisher FixedRate FlowBound GainBounds GainShape GeneralWeights GradientFlow Gradients GroupDraws GroupGain GroupMoments GroupSize GroupStep GroupUpdate Hessian Improvement Kappa Paths Policy Pools Potentials RefutedBounds RefutedSteps RegularisedOptimum SampleStep ScoreMoments Shaping Sharpness SignalToNoise Softmax StepThreshold Sums Tabular TabularFlow TiltStep TokenFlow Tokens Transfer TwoArms WhitenedStep.
Import ListNotations.
Open Scope R_scope.

(* the term at a point, down to arithmetic on numbers; a derivative of the softmax value is p_i (r_i - V) *)
Ltac numbers := cbv -[Rplus Rminus Rmult Ropp Rdiv Rinv IZR Rmax Rmin Rabs sqrt exp ln PI cos sin asin Rle
  Rle_dec Req_EM_T Derivative.partial].
Ltac decide_all := repeat match goal with
  | |- context [Req_EM_T ?x ?y] => destruct (Req_EM_T x y); first [exfalso; lra | idtac]
  end.
(* a group without spread: its whitened terms are 0 / sqrt 0 *)
Ltac silent := repeat match goal with
  | |- context [?x / sqrt ?y] => replace (x / sqrt y) with 0 by (replace x with 0 by lra; unfold Rdiv; ring)
  | |- context [?x * / sqrt ?y] => replace (x * / sqrt y) with 0 by (replace x with 0 by lra; ring)
  end.
(* the power of a positive number: its case of zero does not occur *)
Ltac positive := repeat match goal with
  | |- context [Rle_dec ?x 0] => let zero := fresh in
      destruct (Rle_dec x 0) as [zero | _]; [exfalso; refine (Rlt_not_le x 0 _ zero); interval with (i_prec 120) |]
  end.
Ltac compute_term := numbers; repeat (rewrite Derivative.partial_value by lia; numbers); decide_all.
Ltac largest :=
  repeat match goal with
    | |- context [Rmax ?x ?y] => first [rewrite (Rmax_left x y) by lra | rewrite (Rmax_right x y) by lra
        | rewrite (Rmax_left x y) by interval | rewrite (Rmax_right x y) by interval]
    | |- context [Rmin ?x ?y] => first [rewrite (Rmin_left x y) by lra | rewrite (Rmin_right x y) by lra
        | rewrite (Rmin_left x y) by interval | rewrite (Rmin_right x y) by interval]
  end.
Ltac sizes :=
  repeat match goal with
    | |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra]
  end.
Ltac equal_value := compute_term; largest; sizes; silent; first [lra | field; lra | field].
Ltac near_value := compute_term; positive; largest; silent; repeat rewrite asin_atan by lra; interval with (i_prec 120).

(* A03 *)
Example A03_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((3/4))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((21/8)); 0]; [(- (7/8)); 0]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r) = ((243/16384)).
Proof. equal_value. Qed.
Example A03_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((3/4))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((21/8)); 0]; [(- (7/8)); 0]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.largest_score acts dims g * ScoreMoments.Var acts p r = ((2187/65536)).
Proof. equal_value. Qed.
Example A03_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((1/6)); ((1/2))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((29/6)); (- (1/12))]; [(- (19/6)); (- (31/12))]; [(- (13/6)); ((11/12))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((2/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r) = ((232441/451584)).
Proof. equal_value. Qed.
Example A03_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((1/6)); ((1/2))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((29/6)); (- (1/12))]; [(- (19/6)); (- (31/12))]; [(- (13/6)); ((11/12))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((2/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.largest_score acts dims g * ScoreMoments.Var acts p r = ((407165/225792)).
Proof. equal_value. Qed.

(* A07 *)
Example A07_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((1/5)); (- (8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let share := ((7/10)) in
  let acts := seq 0 K in
  let dims := seq 0 K in
  let pol := Softmax.softmax K in
  let theta := th in
  let v := Derivative.partial K r th in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - Softmax.softmax K th k in
  let L := (Sums.max_over r acts - Sums.min_over r acts) / (3 * sqrt 3) in
  let c := Sums.sum_over (fun k : nat => v k ^ 2) dims / Gradients.policy_variance acts pol theta r in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  Rabs (Policy.objective acts pol r (Policy.move theta v eta) - Policy.objective acts pol r theta
  - ((544141767917406786981/25000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A07_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((1/5)); (- (8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let share := ((7/10)) in
  let acts := seq 0 K in
  let dims := seq 0 K in
  let pol := Softmax.softmax K in
  let theta := th in
  let v := Derivative.partial K r th in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - Softmax.softmax K th k in
  let L := (Sums.max_over r acts - Sums.min_over r acts) / (3 * sqrt 3) in
  let c := Sums.sum_over (fun k : nat => v k ^ 2) dims / Gradients.policy_variance acts pol theta r in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  Rabs (eta * c / 4 * Gradients.policy_variance acts pol theta r
  - ((5895064006179960982937/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A07_left_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((8/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let share := ((9/10)) in
  let acts := seq 0 K in
  let dims := seq 0 K in
  let pol := Softmax.softmax K in
  let theta := th in
  let v := Derivative.partial K r th in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - Softmax.softmax K th k in
  let L := (Sums.max_over r acts - Sums.min_over r acts) / (3 * sqrt 3) in
  let c := Sums.sum_over (fun k : nat => v k ^ 2) dims / Gradients.policy_variance acts pol theta r in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  Rabs (Policy.objective acts pol r (Policy.move theta v eta) - Policy.objective acts pol r theta
  - ((218388136644730831309/2000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A07_right_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((8/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let share := ((9/10)) in
  let acts := seq 0 K in
  let dims := seq 0 K in
  let pol := Softmax.softmax K in
  let theta := th in
  let v := Derivative.partial K r th in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - Softmax.softmax K th k in
  let L := (Sums.max_over r acts - Sums.min_over r acts) / (3 * sqrt 3) in
  let c := Sums.sum_over (fun k : nat => v k ^ 2) dims / Gradients.policy_variance acts pol theta r in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  Rabs (eta * c / 4 * Gradients.policy_variance acts pol theta r
  - ((738155920954026076551/25000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* A11 *)
Example A11_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/8)); ((3/8))] 0 in
  let z := fun (i : nat) => nth i [((7/9)); ((8/9))] 0 in
  let l := arms in
  Pools.E l p z * (1 - Pools.E l p z) = ((767/5184)).
Proof. equal_value. Qed.
Example A11_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/8)); ((3/8))] 0 in
  let z := fun (i : nat) => nth i [((7/9)); ((8/9))] 0 in
  let l := arms in
  Pools.E l p (fun a : A => z a * (1 - z a)) + Pools.Var l p z = ((767/5184)).
Proof. equal_value. Qed.
Example A11_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/14)); ((1/2)); ((2/7))] 0 in
  let z := fun (i : nat) => nth i [((8/9)); 0; ((2/9))] 0 in
  let l := arms in
  Pools.E l p z * (1 - Pools.E l p z) = ((752/3969)).
Proof. equal_value. Qed.
Example A11_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/14)); ((1/2)); ((2/7))] 0 in
  let z := fun (i : nat) => nth i [((8/9)); 0; ((2/9))] 0 in
  let l := arms in
  Pools.E l p (fun a : A => z a * (1 - z a)) + Pools.Var l p z = ((752/3969)).
Proof. equal_value. Qed.
Example A11_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/13)); ((7/26)); ((1/26)); ((4/13)); ((3/13))] 0 in
  let z := fun (i : nat) => nth i [((7/9)); ((7/9)); ((2/3)); 1; ((2/3))] 0 in
  let l := arms in
  Pools.E l p z * (1 - Pools.E l p z) = ((8213/54756)).
Proof. equal_value. Qed.
Example A11_right_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/13)); ((7/26)); ((1/26)); ((4/13)); ((3/13))] 0 in
  let z := fun (i : nat) => nth i [((7/9)); ((7/9)); ((2/3)); 1; ((2/3))] 0 in
  let l := arms in
  Pools.E l p (fun a : A => z a * (1 - z a)) + Pools.Var l p z = ((8213/54756)).
Proof. equal_value. Qed.

(* A21 *)
Example A21_left_1 :
  let A := (nat * bool)%type in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/7)); ((5/7))] 0 in
  let z := fun (i : nat) => nth i [1; 1] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((1/4))]; [((1/4)); 0]] []) 0 in
  let alpha := ((7/10)) in
  let group := 3%nat in
  let l := list_prod arms [true; false] in
  let q := fun y : A => p (fst y) * (if snd y then z (fst y) else 1 - z (fst y)) in
  let r := fun y : A => if snd y then 1 else 0 in
  let dist := fun y y' : A => d (fst y) (fst y') in
  let beta := 1 - alpha in
  Pools.EK l q group (Consistency.corrected_score r dist alpha beta) = ((3/392)).
Proof. equal_value. Qed.
Example A21_right_1 :
  let A := (nat * bool)%type in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/7)); ((5/7))] 0 in
  let z := fun (i : nat) => nth i [1; 1] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((1/4))]; [((1/4)); 0]] []) 0 in
  let alpha := ((7/10)) in
  let l := list_prod arms [true; false] in
  let q := fun y : A => p (fst y) * (if snd y then z (fst y) else 1 - z (fst y)) in
  let r := fun y : A => if snd y then 1 else 0 in
  let dist := fun y y' : A => d (fst y) (fst y') in
  let beta := 1 - alpha in
  alpha * (Consistency.pass_rate l q r * (1 - Consistency.pass_rate l q r)) + beta * Consistency.pair_expect l q (fun a b : A => dist a b ^ 2) = ((3/392)).
Proof. equal_value. Qed.
Example A21_left_2 :
  let A := (nat * bool)%type in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((5/9)); ((1/9))] 0 in
  let z := fun (i : nat) => nth i [((4/9)); ((7/9)); 1] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((3/4)); ((7/4))]; [((3/4)); 0; ((5/4))]; [((7/4)); ((5/4)); 0]] []) 0 in
  let alpha := ((2/5)) in
  let group := 2%nat in
  let l := list_prod arms [true; false] in
  let q := fun y : A => p (fst y) * (if snd y then z (fst y) else 1 - z (fst y)) in
  let r := fun y : A => if snd y then 1 else 0 in
  let dist := fun y y' : A => d (fst y) (fst y') in
  let beta := 1 - alpha in
  Pools.EK l q group (Consistency.corrected_score r dist alpha beta) = ((121301/262440)).
Proof. equal_value. Qed.
Example A21_right_2 :
  let A := (nat * bool)%type in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((5/9)); ((1/9))] 0 in
  let z := fun (i : nat) => nth i [((4/9)); ((7/9)); 1] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((3/4)); ((7/4))]; [((3/4)); 0; ((5/4))]; [((7/4)); ((5/4)); 0]] []) 0 in
  let alpha := ((2/5)) in
  let l := list_prod arms [true; false] in
  let q := fun y : A => p (fst y) * (if snd y then z (fst y) else 1 - z (fst y)) in
  let r := fun y : A => if snd y then 1 else 0 in
  let dist := fun y y' : A => d (fst y) (fst y') in
  let beta := 1 - alpha in
  alpha * (Consistency.pass_rate l q r * (1 - Consistency.pass_rate l q r)) + beta * Consistency.pair_expect l q (fun a b : A => dist a b ^ 2) = ((121301/262440)).
Proof. equal_value. Qed.

(* A22 *)
Example A22_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((10/3)); ((8/9))]; [(- (5/3)); (- (4/9))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r) + ScoreMoments.grad2 acts dims p r g = ((11809/7776)).
Proof. equal_value. Qed.
Example A22_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((10/3)); ((8/9))]; [(- (5/3)); (- (4/9))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.Var acts p r * ScoreMoments.Gamma acts dims p g + ScoreMoments.Cov acts p (ScoreMoments.sq dims g) (fun a : A => (r a - ScoreMoments.J acts p r) ^ 2) = ((11809/7776)).
Proof. equal_value. Qed.
Example A22_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/9)); ((4/9)); ((1/3))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((179/54)); (- (44/27))]; [((53/54)); ((1/27))]; [(- (95/27)); ((28/27))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((5/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r) + ScoreMoments.grad2 acts dims p r g = ((4339997/17635968)).
Proof. equal_value. Qed.
Example A22_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/9)); ((4/9)); ((1/3))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((179/54)); (- (44/27))]; [((53/54)); ((1/27))]; [(- (95/27)); ((28/27))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((5/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.Var acts p r * ScoreMoments.Gamma acts dims p g + ScoreMoments.Cov acts p (ScoreMoments.sq dims g) (fun a : A => (r a - ScoreMoments.J acts p r) ^ 2) = ((4339997/17635968)).
Proof. equal_value. Qed.

(* A23 *)
Example A23_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/9)); ((2/9))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((26/27)); (- (10/9))]; [(- (91/27)); ((35/9))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let b := (- (1/2)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.weighted_square acts dims p r g b = ((119185/17496)).
Proof. equal_value. Qed.
Example A23_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/9)); ((2/9))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((26/27)); (- (10/9))]; [(- (91/27)); ((35/9))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let b := (- (1/2)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.weighted_square acts dims p r g (ScoreMoments.best_constant acts dims p r g) + ScoreMoments.Gamma acts dims p g * (b - ScoreMoments.best_constant acts dims p r g) ^ 2 = ((119185/17496)).
Proof. equal_value. Qed.
Example A23_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((3/8)); ((7/24))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((173/48)); (- (23/48))]; [(- (139/48)); ((1/48))]; [(- (19/48)); ((25/48))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((5/7))] 0 in
  let b := 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.weighted_square acts dims p r g b = ((18214943/3612672)).
Proof. equal_value. Qed.
Example A23_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((3/8)); ((7/24))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((173/48)); (- (23/48))]; [(- (139/48)); ((1/48))]; [(- (19/48)); ((25/48))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((5/7))] 0 in
  let b := 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.weighted_square acts dims p r g (ScoreMoments.best_constant acts dims p r g) + ScoreMoments.Gamma acts dims p g * (b - ScoreMoments.best_constant acts dims p r g) ^ 2 = ((18214943/3612672)).
Proof. equal_value. Qed.

(* A25 *)
Example A25_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/10)); ((1/10))] 0 in
  let u := fun (i : nat) => nth i [(- (11/8)); ((11/8))] 0 in
  Tabular.fisher arms p u = ((1089/1600)).
Proof. equal_value. Qed.
Example A25_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/10)); ((1/10))] 0 in
  let u := fun (i : nat) => nth i [(- (11/8)); ((11/8))] 0 in
  Sums.min_over p arms * Tabular.norm2 arms u = ((121/320)).
Proof. equal_value. Qed.
Example A25_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/5)); ((1/5)); ((3/5))] 0 in
  let u := fun (i : nat) => nth i [2; (- (1)); (- (1))] 0 in
  Tabular.fisher arms p u = ((36/25)).
Proof. equal_value. Qed.
Example A25_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/5)); ((1/5)); ((3/5))] 0 in
  let u := fun (i : nat) => nth i [2; (- (1)); (- (1))] 0 in
  Sums.min_over p arms * Tabular.norm2 arms u = ((6/5)).
Proof. equal_value. Qed.
Example A25_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/23)); ((5/23)); ((3/23)); ((3/23)); ((9/23))] 0 in
  let u := fun (i : nat) => nth i [((17/10)); (- (23/10)); ((19/20)); (- (31/20)); ((6/5))] 0 in
  Tabular.fisher arms p u = ((10617/4232)).
Proof. equal_value. Qed.
Example A25_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/23)); ((5/23)); ((3/23)); ((3/23)); ((9/23))] 0 in
  let u := fun (i : nat) => nth i [((17/10)); (- (23/10)); ((19/20)); (- (31/20)); ((6/5))] 0 in
  Sums.min_over p arms * Tabular.norm2 arms u = ((1551/920)).
Proof. equal_value. Qed.

(* A26 *)
Example A26_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/6)); ((5/6))] 0 in
  let u := fun (i : nat) => nth i [(- (2)); ((3/2))] 0 in
  Tabular.fisher arms p u = ((245/144)).
Proof. equal_value. Qed.
Example A26_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let u := fun (i : nat) => nth i [(- (2)); ((3/2))] 0 in
  / 2 * Tabular.norm2 arms u = ((25/8)).
Proof. equal_value. Qed.
Example A26_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/17)); ((9/17)); ((1/17))] 0 in
  let u := fun (i : nat) => nth i [(- (3/2)); (- (1/2)); ((7/4))] 0 in
  Tabular.fisher arms p u = ((365/578)).
Proof. equal_value. Qed.
Example A26_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let u := fun (i : nat) => nth i [(- (3/2)); (- (1/2)); ((7/4))] 0 in
  / 2 * Tabular.norm2 arms u = ((89/32)).
Proof. equal_value. Qed.
Example A26_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/19)); ((1/19)); ((6/19)); ((5/19)); ((4/19))] 0 in
  let u := fun (i : nat) => nth i [1; (- (1)); ((3/4)); (- (9/4)); 0] 0 in
  Tabular.fisher arms p u = ((63/38)).
Proof. equal_value. Qed.
Example A26_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let u := fun (i : nat) => nth i [1; (- (1)); ((3/4)); (- (9/4)); 0] 0 in
  / 2 * Tabular.norm2 arms u = ((61/16)).
Proof. equal_value. Qed.

(* A27 *)
Example A27_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/15)); ((7/15))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((77/30)); ((7/45))]; [(- (44/15)); (- (8/45))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  Rabs (Tabular.norm dims v
  - ((1371400613732927696643/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A27_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/15)); ((7/15))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((77/30)); ((7/45))]; [(- (44/15)); (- (8/45))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let Gmax := sqrt (Sums.max_over (fun a : nat => Tabular.norm2 dims (g a)) acts) in
  Rabs (Rmin (Policy.objective acts pol r theta) (1 - Policy.objective acts pol r theta) * Gmax
  - ((1371400613732927696643/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A27_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/7)); ((1/3)); ((5/21))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((127/63)); (- (11/42))]; [((1/63)); (- (53/42))]; [(- (230/63)); ((47/21))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  Rabs (Tabular.norm dims v
  - ((420668196081585691509/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A27_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/7)); ((1/3)); ((5/21))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((127/63)); (- (11/42))]; [((1/63)); (- (53/42))]; [(- (230/63)); ((47/21))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let Gmax := sqrt (Sums.max_over (fun a : nat => Tabular.norm2 dims (g a)) acts) in
  Rabs (Rmin (Policy.objective acts pol r theta) (1 - Policy.objective acts pol r theta) * Gmax
  - ((44606405361191587223/31250000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* A28 *)
Example A28_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((28/9)); ((4/9))]; [(- (14/9)); (- (2/9))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  let smoothness := ((4/5)) in
  let share := ((3/5)) in
  let constant_share := ((1/2)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let c := constant_share * (Tabular.norm2 dims v / Gradients.policy_variance acts pol theta r) in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  7 / 8 * eta * c * Gradients.policy_variance acts pol theta r = ((15625/1741824)).
Proof. equal_value. Qed.
Example A28_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((1/10)); ((1/2))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((71/30)); ((6/5))]; [(- (89/30)); (- (33/10))]; [(- (13/10)); (- (3/10))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((4/7))] 0 in
  let smoothness := ((1/10)) in
  let share := ((2/5)) in
  let constant_share := ((2/5)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let c := constant_share * (Tabular.norm2 dims v / Gradients.policy_variance acts pol theta r) in
  let eta := share * (c / (4 * L * Improvement.score_second_moment acts dims pol theta g)) in
  7 / 8 * eta * c * Gradients.policy_variance acts pol theta r = ((168164786241/28712068000000)).
Proof. equal_value. Qed.

(* A31 *)
Example A31_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/16)); ((9/16))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((81/32)); ((9/8))]; [(- (63/32)); (- (7/8))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  let smoothness := ((9/10)) in
  let share := ((4/5)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let eta := share * (Tabular.norm2 dims v / (L * Improvement.estimator_second_moment acts dims pol theta g r)) in
  eta / 2 * Tabular.norm2 dims v = ((34374375/281018368)).
Proof. equal_value. Qed.
Example A31_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((6/19)); ((6/19)); ((7/19))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((87/38)); (- (35/38))]; [((11/38)); (- (35/38))]; [(- (42/19)); ((30/19))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((3/7))] 0 in
  let smoothness := ((1/2)) in
  let share := ((9/10)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let eta := share * (Tabular.norm2 dims v / (L * Improvement.estimator_second_moment acts dims pol theta g r)) in
  eta / 2 * Tabular.norm2 dims v = ((93756441549681/1160123484637600)).
Proof. equal_value. Qed.

(* A33 *)
Example A33_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/16)); ((7/16))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((35/24)); ((7/8))]; [(- (15/8)); (- (9/8))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7))] 0 in
  let smoothness := ((2/5)) in
  let share := ((1/10)) in
  let constant_share := ((1/10)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let c := constant_share * (Tabular.norm2 dims v / Gradients.policy_variance acts pol theta r) in
  let Gmax2 := Sums.max_over (fun a : nat => Tabular.norm2 dims (g a)) acts in
  let eta := share * (c / (2 * L * (c + INR (length dims) * Gmax2))) in
  3 / 4 * eta * c * Gradients.policy_variance acts pol theta r = ((189/1845493760)).
Proof. equal_value. Qed.
Example A33_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/15)); ((1/3)); ((3/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((209/45)); (- (43/45))]; [((14/45)); ((32/45))]; [(- (31/45)); (- (13/45))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((6/7))] 0 in
  let smoothness := ((4/5)) in
  let share := ((1/2)) in
  let constant_share := ((3/10)) in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let L := smoothness in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let c := constant_share * (Tabular.norm2 dims v / Gradients.policy_variance acts pol theta r) in
  let Gmax2 := Sums.max_over (fun a : nat => Tabular.norm2 dims (g a)) acts in
  let eta := share * (c / (2 * L * (c + INR (length dims) * Gmax2))) in
  3 / 4 * eta * c * Gradients.policy_variance acts pol theta r = ((23257017437809/4969885019226624000)).
Proof. equal_value. Qed.

(* A34 *)
Example A34_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (3/5)); 1] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7))] 0 in
  let ref := fun (i : nat) => nth i [((1/10)); ((9/10))] 0 in
  let beta := ((3/10)) in
  Rabs (Tabular.Var (Derivative.arms K) (Softmax.softmax K th) (Gradients.penalised_reward K r th ref beta) / Tabular.rho (Derivative.arms K) (Gradients.penalised_reward K r th ref beta)
  - ((3188391070525792762861/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A34_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (8/5)); ((8/5)); (- (1))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((2/7))] 0 in
  let ref := fun (i : nat) => nth i [((1/2)); ((1/5)); ((9/10))] 0 in
  let beta := ((1/5)) in
  Rabs (Tabular.Var (Derivative.arms K) (Softmax.softmax K th) (Gradients.penalised_reward K r th ref beta) / Tabular.rho (Derivative.arms K) (Gradients.penalised_reward K r th ref beta)
  - ((59801873737235540219/800000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* A35 *)
Example A35_left_1 :
  let A := nat in
  let rate := ((2/5)) in
  let group := 2%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  Pools.EK l p K (fun w : list A => Pools.total r w / INR K * (1 - Pools.total r w / INR K)) = ((3/25)).
Proof. equal_value. Qed.
Example A35_right_1 :
  let A := nat in
  let rate := ((2/5)) in
  let group := 2%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  (INR K - 1) / INR K * (Sums.sum_over (fun a : A => p a * r a) l * (1 - Sums.sum_over (fun a : A => p a * r a) l)) = ((3/25)).
Proof. equal_value. Qed.
Example A35_left_2 :
  let A := nat in
  let rate := ((3/10)) in
  let group := 3%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  Pools.EK l p K (fun w : list A => Pools.total r w / INR K * (1 - Pools.total r w / INR K)) = ((7/50)).
Proof. equal_value. Qed.
Example A35_right_2 :
  let A := nat in
  let rate := ((3/10)) in
  let group := 3%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  (INR K - 1) / INR K * (Sums.sum_over (fun a : A => p a * r a) l * (1 - Sums.sum_over (fun a : A => p a * r a) l)) = ((7/50)).
Proof. equal_value. Qed.
Example A35_left_3 :
  let A := nat in
  let rate := ((7/10)) in
  let group := 4%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  Pools.EK l p K (fun w : list A => Pools.total r w / INR K * (1 - Pools.total r w / INR K)) = ((63/400)).
Proof. equal_value. Qed.
Example A35_right_3 :
  let A := nat in
  let rate := ((7/10)) in
  let group := 4%nat in
  let l := [0%nat; 1%nat] in
  let p := fun a : nat => nth a [1 - rate; rate] 0 in
  let r := INR in
  let K := group in
  (INR K - 1) / INR K * (Sums.sum_over (fun a : A => p a * r a) l * (1 - Sums.sum_over (fun a : A => p a * r a) l)) = ((63/400)).
Proof. equal_value. Qed.

(* A36 *)
Example A36_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/10)); ((3/10))] 0 in
  let z := fun (i : nat) => nth i [((8/9)); ((4/9))] 0 in
  let l := arms in
  Pools.Var l p z = ((28/675)).
Proof. equal_value. Qed.
Example A36_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/10)); ((3/10))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((7/4))]; [((7/4)); 0]] []) 0 in
  let slope := 1 in
  let l := arms in
  let L := slope in
  L ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((1029/1600)).
Proof. equal_value. Qed.
Example A36_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/16)); ((1/4)); ((9/16))] 0 in
  let z := fun (i : nat) => nth i [((1/3)); ((2/9)); ((1/9))] 0 in
  let l := arms in
  Pools.Var l p z = ((13/1728)).
Proof. equal_value. Qed.
Example A36_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/16)); ((1/4)); ((9/16))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; 1; ((1/2))]; [1; 0; ((7/4))]; [((1/2)); ((7/4)); 0]] []) 0 in
  let slope := ((2/3)) in
  let l := arms in
  let L := slope in
  L ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((43/192)).
Proof. equal_value. Qed.
Example A36_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/39)); ((5/39)); ((3/13)); ((3/13)); ((8/39))] 0 in
  let z := fun (i : nat) => nth i [1; ((8/9)); ((7/9)); ((7/9)); ((7/9))] 0 in
  let l := arms in
  Pools.Var l p z = ((334/41067)).
Proof. equal_value. Qed.
Example A36_right_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/39)); ((5/39)); ((3/13)); ((3/13)); ((8/39))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((3/2)); ((1/4)); ((3/2)); ((9/4))]; [((3/2)); 0; 1; ((9/4)); 1]; [((1/4)); 1; 0; ((1/2)); ((9/4))]; [((3/2)); ((9/4)); ((1/2)); 0; 2]; [((9/4)); 1; ((9/4)); 2; 0]] []) 0 in
  let slope := ((1/3)) in
  let l := arms in
  let L := slope in
  L ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((25057/219024)).
Proof. equal_value. Qed.

(* A37 *)
Example A37_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/5))] 0 in
  let z := fun (i : nat) => nth i [((1/9)); ((7/9))] 0 in
  let l := arms in
  Pools.Var l p z = ((8/75)).
Proof. equal_value. Qed.
Example A37_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/5))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((9/4))]; [((9/4)); 0]] []) 0 in
  let slope := ((2/3)) in
  let l := arms in
  let c := slope in
  c ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((27/50)).
Proof. equal_value. Qed.
Example A37_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((7/15)); ((2/15))] 0 in
  let z := fun (i : nat) => nth i [((2/9)); ((4/9)); ((2/9))] 0 in
  let l := arms in
  Pools.Var l p z = ((224/18225)).
Proof. equal_value. Qed.
Example A37_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((7/15)); ((2/15))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; 2; ((3/4))]; [2; 0; ((3/4))]; [((3/4)); ((3/4)); 0]] []) 0 in
  let slope := ((4/3)) in
  let l := arms in
  let c := slope in
  c ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((974/675)).
Proof. equal_value. Qed.
Example A37_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/36)); ((1/4)); ((1/6)); ((5/36)); ((1/4))] 0 in
  let z := fun (i : nat) => nth i [((7/9)); 0; ((5/9)); ((4/9)); ((1/3))] 0 in
  let l := arms in
  Pools.Var l p z = ((71/972)).
Proof. equal_value. Qed.
Example A37_right_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/36)); ((1/4)); ((1/6)); ((5/36)); ((1/4))] 0 in
  let d := fun (i : nat) (j : nat) => nth j (nth i [[0; ((3/2)); ((3/2)); ((7/4)); ((9/4))]; [((3/2)); 0; 2; ((9/4)); ((3/2))]; [((3/2)); 2; 0; ((1/2)); ((5/4))]; [((7/4)); ((9/4)); ((1/2)); 0; ((3/2))]; [((9/4)); ((3/2)); ((5/4)); ((3/2)); 0]] []) 0 in
  let slope := ((1/3)) in
  let l := arms in
  let c := slope in
  c ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2) = ((23705/186624)).
Proof. equal_value. Qed.

(* A38 *)
Example A38_left_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((21/100)); ((6/25))] 0 in
  let diversity := fun (i : nat) => nth i [((1/9)); ((2/9))] 0 in
  let alpha := ((3/5)) in
  let beta := ((2/5)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x * (al * v x + be * t x)) / Pools.U pool (fun x : A => al * v x + be * t x) = ((13753/60500)).
Proof. equal_value. Qed.
Example A38_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((21/100)); ((6/25))] 0 in
  let diversity := fun (i : nat) => nth i [((1/9)); ((2/9))] 0 in
  let alpha := ((3/5)) in
  let beta := ((2/5)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x ^ 2) / Pools.U pool v + be * Pools.U pool t / Pools.U pool (fun x : A => al * v x + be * t x) * ((Pools.U pool (fun x : A => v x * t x) - Pools.U pool v * Pools.U pool t) / Pools.U pool t - (Pools.U pool (fun x : A => v x ^ 2) - Pools.U pool v ^ 2) / Pools.U pool v) = ((13753/60500)).
Proof. equal_value. Qed.
Example A38_left_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((9/100)); ((9/100)); ((1/4))] 0 in
  let diversity := fun (i : nat) => nth i [((8/9)); ((1/3)); ((2/3))] 0 in
  let alpha := ((9/10)) in
  let beta := ((1/10)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x * (al * v x + be * t x)) / Pools.U pool (fun x : A => al * v x + be * t x) = ((88647/518300)).
Proof. equal_value. Qed.
Example A38_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((9/100)); ((9/100)); ((1/4))] 0 in
  let diversity := fun (i : nat) => nth i [((8/9)); ((1/3)); ((2/3))] 0 in
  let alpha := ((9/10)) in
  let beta := ((1/10)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x ^ 2) / Pools.U pool v + be * Pools.U pool t / Pools.U pool (fun x : A => al * v x + be * t x) * ((Pools.U pool (fun x : A => v x * t x) - Pools.U pool v * Pools.U pool t) / Pools.U pool t - (Pools.U pool (fun x : A => v x ^ 2) - Pools.U pool v ^ 2) / Pools.U pool v) = ((88647/518300)).
Proof. equal_value. Qed.
Example A38_left_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((4/25)); ((6/25)); ((21/100)); ((6/25)); ((4/25))] 0 in
  let diversity := fun (i : nat) => nth i [((1/9)); ((1/9)); ((1/3)); ((2/3)); ((4/9))] 0 in
  let alpha := ((1/10)) in
  let beta := ((9/10)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x * (al * v x + be * t x)) / Pools.U pool (fun x : A => al * v x + be * t x) = ((6641/32020)).
Proof. equal_value. Qed.
Example A38_right_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let variance := fun (i : nat) => nth i [((4/25)); ((6/25)); ((21/100)); ((6/25)); ((4/25))] 0 in
  let diversity := fun (i : nat) => nth i [((1/9)); ((1/9)); ((1/3)); ((2/3)); ((4/9))] 0 in
  let alpha := ((1/10)) in
  let beta := ((9/10)) in
  let pool := arms in
  let v := variance in
  let t := diversity in
  let al := alpha in
  let be := beta in
  Pools.U pool (fun x : A => v x ^ 2) / Pools.U pool v + be * Pools.U pool t / Pools.U pool (fun x : A => al * v x + be * t x) * ((Pools.U pool (fun x : A => v x * t x) - Pools.U pool v * Pools.U pool t) / Pools.U pool t - (Pools.U pool (fun x : A => v x ^ 2) - Pools.U pool v ^ 2) / Pools.U pool v) = ((6641/32020)).
Proof. equal_value. Qed.

(* A39 *)
Example A39_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/13)); ((8/13))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((32/13)); (- (28/13))]; [(- (20/13)); ((35/26))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let b := (- (5/4)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g b = ((269776765/11195912)).
Proof. equal_value. Qed.
Example A39_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/13)); ((8/13))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((32/13)); (- (28/13))]; [(- (20/13)); ((35/26))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let b := (- (5/4)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.largest_score acts dims g * (ScoreMoments.Var acts p r + (ScoreMoments.J acts p r - b) ^ 2) = ((14686949/430612)).
Proof. equal_value. Qed.
Example A39_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/21)); ((8/21)); ((3/7))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((29/7)); ((3/14))]; [(- (13/7)); ((3/14))]; [(- (4/21)); (- (2/7))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((5/7))] 0 in
  let b := ((3/4)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.trVar acts dims p r g b = ((4443461/67765824)).
Proof. equal_value. Qed.
Example A39_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/21)); ((8/21)); ((3/7))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((29/7)); ((3/14))]; [(- (13/7)); ((3/14))]; [(- (4/21)); (- (2/7))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((5/7))] 0 in
  let b := ((3/4)) in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.largest_score acts dims g * (ScoreMoments.Var acts p r + (ScoreMoments.J acts p r - b) ^ 2) = ((219245/1613472)).
Proof. equal_value. Qed.

(* A41 *)
Example A41_left_1 :
  let D := unit in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/4)); ((1/4))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let old := fun (i : nat) => nth i [((6/11)); ((5/11))] 0 in
  let feature := fun (i : nat) => nth i [3; (- (3/2))] 0 in
  let clipped := fun (i : nat) => nth i [1; 1] 0 in
  let acts := arms in
  let dims := [tt] in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let g := fun (a : nat) (_ : D) => feature a - Sums.sum_over (fun b => p b * feature b) arms in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  Rabs (Tabular.norm dims (fun k : D => Clipping.mean_update acts pol theta g old adv k - Clipping.mean_clipped_update acts pol theta g old adv clipped k)
  - ((189/256))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A41_right_1 :
  let A := nat in
  let D := unit in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/4)); ((1/4))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let old := fun (i : nat) => nth i [((6/11)); ((5/11))] 0 in
  let clipped := fun (i : nat) => nth i [1; 1] 0 in
  let largest := ((27/8)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  let Gmax := largest in
  Gmax * Sums.sum_over (fun a : A => pol theta a * (Rabs (adv a) * clipped a)) acts = ((3969/2816)).
Proof. equal_value. Qed.
Example A41_left_2 :
  let D := unit in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/17)); ((9/17)); ((7/17))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7))] 0 in
  let old := fun (i : nat) => nth i [((5/17)); ((3/17)); ((9/17))] 0 in
  let feature := fun (i : nat) => nth i [((1/2)); 0; (- (3/2))] 0 in
  let clipped := fun (i : nat) => nth i [0; 1; 1] 0 in
  let acts := arms in
  let dims := [tt] in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let g := fun (a : nat) (_ : D) => feature a - Sums.sum_over (fun b => p b * feature b) arms in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  Rabs (Tabular.norm dims (fun k : D => Clipping.mean_update acts pol theta g old adv k - Clipping.mean_clipped_update acts pol theta g old adv clipped k)
  - ((134425/550256))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A41_right_2 :
  let A := nat in
  let D := unit in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/17)); ((9/17)); ((7/17))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7))] 0 in
  let old := fun (i : nat) => nth i [((5/17)); ((3/17)); ((9/17))] 0 in
  let clipped := fun (i : nat) => nth i [0; 1; 1] 0 in
  let largest := ((37/34)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  let Gmax := largest in
  Gmax * Sums.sum_over (fun a : A => pol theta a * (Rabs (adv a) * clipped a)) acts = ((101195/275128)).
Proof. equal_value. Qed.
Example A41_left_3 :
  let D := unit in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/37)); ((7/37)); ((8/37)); ((5/37)); ((8/37))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((3/7)); ((2/7)); ((6/7))] 0 in
  let old := fun (i : nat) => nth i [((5/21)); ((1/21)); ((1/7)); ((1/3)); ((5/21))] 0 in
  let feature := fun (i : nat) => nth i [(- (3)); 0; 1; 0; ((1/2))] 0 in
  let clipped := fun (i : nat) => nth i [0; 1; 0; 1; 0] 0 in
  let acts := arms in
  let dims := [tt] in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let g := fun (a : nat) (_ : D) => feature a - Sums.sum_over (fun b => p b * feature b) arms in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  Rabs (Tabular.norm dims (fun k : D => Clipping.mean_update acts pol theta g old adv k - Clipping.mean_clipped_update acts pol theta g old adv clipped k)
  - ((1185/134162))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A41_right_3 :
  let A := nat in
  let D := unit in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/37)); ((7/37)); ((8/37)); ((5/37)); ((8/37))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((3/7)); ((2/7)); ((6/7))] 0 in
  let old := fun (i : nat) => nth i [((5/21)); ((1/21)); ((1/7)); ((1/3)); ((5/21))] 0 in
  let clipped := fun (i : nat) => nth i [0; 1; 0; 1; 0] 0 in
  let largest := ((96/37)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : D => 0 in
  let adv := fun a : nat => r a - Sums.sum_over (fun b => old b * r b) arms in
  let Gmax := largest in
  Gmax * Sums.sum_over (fun a : A => pol theta a * (Rabs (adv a) * clipped a)) acts = ((11128/67081)).
Proof. equal_value. Qed.

(* A42 *)
Example A42_left_1 :
  let th := fun (i : nat) => nth i [(- (1/5)); (- (3/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/10)) in
  let a := th 0%nat in
  let b := th 1%nat in
  let r1 := r 0%nat in
  let r2 := r 1%nat in
  let delta := r1 - r2 in
  let eta := step / delta in
  Rabs (TwoArms.gain a b r1 r2 eta
  - ((1004368298510491167781/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A42_right_1 :
  let th := fun (i : nat) => nth i [(- (1/5)); (- (3/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/10)) in
  let a := th 0%nat in
  let b := th 1%nat in
  let r1 := r 0%nat in
  let r2 := r 1%nat in
  let delta := r1 - r2 in
  let eta := step / delta in
  Rabs (TwoArms.grad2 a b r1 r2 * (1 - exp (- (2 * eta * delta))) / (2 * delta)
  - ((4577916102953463774621/500000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A42_left_2 :
  let th := fun (i : nat) => nth i [(- (6/5)); (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/5)) in
  let a := th 0%nat in
  let b := th 1%nat in
  let r1 := r 0%nat in
  let r2 := r 1%nat in
  let delta := r1 - r2 in
  let eta := step / delta in
  Rabs (TwoArms.gain a b r1 r2 eta
  - ((2185678904407248783679/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example A42_right_2 :
  let th := fun (i : nat) => nth i [(- (6/5)); (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/5)) in
  let a := th 0%nat in
  let b := th 1%nat in
  let r1 := r 0%nat in
  let r2 := r 1%nat in
  let delta := r1 - r2 in
  let eta := step / delta in
  Rabs (TwoArms.grad2 a b r1 r2 * (1 - exp (- (2 * eta * delta))) / (2 * delta)
  - ((901468624121298787027/50000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B01 *)
Example B01_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/5)); ((1/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((16/15)); ((11/30))]; [(- (64/15)); (- (22/15))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((916/1125)).
Proof. equal_value. Qed.
Example B01_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/5)); ((1/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((16/15)); ((11/30))]; [(- (64/15)); (- (22/15))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.Var acts p r ^ 2 * ScoreMoments.class_distance acts dims p r g = ((916/1125)).
Proof. equal_value. Qed.
Example B01_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/14)); ((2/7)); ((1/14))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((16/7)); (- (1/4))]; [(- (33/7)); ((3/4))]; [(- (12/7)); (- (3/4))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((335745/153664)).
Proof. equal_value. Qed.
Example B01_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/14)); ((2/7)); ((1/14))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((16/7)); (- (1/4))]; [(- (33/7)); ((3/4))]; [(- (12/7)); (- (3/4))]] []) 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.Var acts p r ^ 2 * ScoreMoments.class_distance acts dims p r g = ((335745/153664)).
Proof. equal_value. Qed.

(* B02 *)
Example B02_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/3)); ((1/3))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((126269068069026343643/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B02_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/3)); ((1/3))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - ((126269068069026343643/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B02_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/11)); ((4/11)); ((4/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((5/7))] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((3365075902962360367127/50000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B02_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/11)); ((4/11)); ((4/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((5/7))] 0 in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - ((6704294077482865929621/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B02_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/31)); ((6/31)); ((9/31)); ((5/31)); ((6/31))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((3/7)); ((6/7)); 0] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((1307437807430663123071/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B02_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/31)); ((6/31)); ((9/31)); ((5/31)); ((6/31))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((3/7)); ((6/7)); 0] 0 in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - ((652604103746366965919/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B03 *)
Example B03_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/11)); ((7/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((1568/14641)).
Proof. equal_value. Qed.
Example B03_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/11)); ((7/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Tabular.correct_count arms p r + 1 / Tabular.wrong_count arms p r) = ((1568/14641)).
Proof. equal_value. Qed.
Example B03_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/6)); ((1/3)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((13/162)).
Proof. equal_value. Qed.
Example B03_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/6)); ((1/3)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Tabular.correct_count arms p r + 1 / Tabular.wrong_count arms p r) = ((13/162)).
Proof. equal_value. Qed.
Example B03_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/9)); ((7/27)); ((8/27)); ((5/27)); ((1/27))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 1] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((3466/59049)).
Proof. equal_value. Qed.
Example B03_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/9)); ((7/27)); ((8/27)); ((5/27)); ((1/27))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 1] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Tabular.correct_count arms p r + 1 / Tabular.wrong_count arms p r) = ((3466/59049)).
Proof. equal_value. Qed.

(* B04 *)
Example B04_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/5)); ((1/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((2/5)); ((2/5))]; [(- (8/5)); (- (8/5))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((578/30625)).
Proof. equal_value. Qed.
Example B04_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/8)); ((1/2)); ((1/8))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((7/2)); (- (7/6))]; [(- (13/6)); ((5/6))]; [(- (11/6)); ((1/6))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((2/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((5445/8192)).
Proof. equal_value. Qed.

(* B05 *)
Example B05_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((9/17)); ((8/17))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let eta := (- (2)) in
  Rabs (TiltStep.tilted_mean arms p r eta - Tabular.V arms p r
  - (- (472918944810812284293/2000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B05_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/5)); ((1/5)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((5/7))] 0 in
  let eta := (- (1/4)) in
  Rabs (TiltStep.tilted_mean arms p r eta - Tabular.V arms p r
  - (- (1555786537175248458699/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B05_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/11)); ((3/11)); ((2/11)); ((1/11)); ((2/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((3/7)); ((2/7)); 0] 0 in
  let eta := (- (9/4)) in
  Rabs (TiltStep.tilted_mean arms p r eta - Tabular.V arms p r
  - (- (922367079414774539553/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B06 *)
Example B06_left_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (9/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[(- (2/5))]; [((3/10))]]; [[((1/2))]; [(- (6/5))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [0; (- (3/4)); (- (3/4)); (- (1/4))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((1284021467693827585331/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B06_right_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (9/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[(- (2/5))]; [((3/10))]]; [[((1/2))]; [(- (6/5))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [0; (- (3/4)); (- (3/4)); (- (1/4))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  Rabs (gamma * sqrt (INR L / 2) * sqrt (Tokens.reward_variance K logit stop reward theta L)
  - ((1183823996089010434871/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B06_left_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((3/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[(- (2/5))]; [((3/10))]]; [[(- (6/5))]; [((1/2))]]; [[((4/5))]; [(- (3/2))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); (- (1)); ((1/4)); ((1/2))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((1757657207962253492557/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B06_right_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((3/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[(- (2/5))]; [((3/10))]]; [[(- (6/5))]; [((1/2))]]; [[((4/5))]; [(- (3/2))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [((7/8)); (- (1)); ((1/4)); ((1/2))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  Rabs (gamma * sqrt (INR L / 2) * sqrt (Tokens.reward_variance K logit stop reward theta L)
  - ((1188855691094793077149/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B07 *)
Example B07_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/11)); ((9/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let u := fun (i : nat) => nth i [((1/4)); (- (3/2))] 0 in
  Curvature.curvature arms p r u = ((3969/85184)).
Proof. equal_value. Qed.
Example B07_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  Rabs ((hi - lo) / (3 * sqrt 3)
  - ((386618483832338681591/12500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B07_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/10)); ((1/5)); ((1/10))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((3/7))] 0 in
  let u := fun (i : nat) => nth i [(- (7/4)); (- (7/4)); (- (1/4))] 0 in
  Curvature.curvature arms p r u = (- (2007/28000)).
Proof. equal_value. Qed.
Example B07_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((3/7))] 0 in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  Rabs ((hi - lo) / (3 * sqrt 3)
  - ((859152186294085959091/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B07_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/18)); ((1/6)); ((1/3)); ((1/3)); ((1/9))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((2/7)); ((4/7)); 0] 0 in
  let u := fun (i : nat) => nth i [(- (3/4)); ((3/4)); 0; (- (1/2)); ((5/4))] 0 in
  Curvature.curvature arms p r u = (- (15497/653184)).
Proof. equal_value. Qed.
Example B07_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((2/7)); ((4/7)); 0] 0 in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  Rabs ((hi - lo) / (3 * sqrt 3)
  - ((841969142568204239909/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B08 *)
Example B08_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [((6/5)); ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  let step := ((1/5)) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  Rabs (ExactStep.gain K r th eta
  - ((7071114769437014478723/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B08_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [((6/5)); ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  let step := ((1/5)) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  Rabs (eta * Sums.sum_over (fun i : nat => Derivative.partial K r th i ^ 2) (seq 0 K) * Rmax (1 - eta * (hi - lo) / (6 * sqrt 3)) (exp (- ExactStep.s lo hi eta) * (1 - exp (- ExactStep.s lo hi eta)) / ExactStep.s lo hi eta)
  - ((6874593990722691343599/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B08_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [1; (- (6/5)); ((2/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((4/7))] 0 in
  let step := ((1/2)) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  Rabs (ExactStep.gain K r th eta
  - ((2064631695309927716281/250000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B08_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [1; (- (6/5)); ((2/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((4/7))] 0 in
  let step := ((1/2)) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  Rabs (eta * Sums.sum_over (fun i : nat => Derivative.partial K r th i ^ 2) (seq 0 K) * Rmax (1 - eta * (hi - lo) / (6 * sqrt 3)) (exp (- ExactStep.s lo hi eta) * (1 - exp (- ExactStep.s lo hi eta)) / ExactStep.s lo hi eta)
  - ((1587144021351188752373/200000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B09 *)
Example B09_left_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let k := 1%nat in
  Rabs (GroupUpdate.group_expect acts pol theta (S (S n)) (GroupUpdate.whitened r g G k)
  - (- (883883476483184405501/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B09_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let k := 1%nat in
  Rabs (GroupGain.w (GroupUpdate.expect acts pol theta r) n * v k
  - (- (883883476483184405501/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B09_left_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/11)); ((9/22)); ((9/22))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let k := 1%nat in
  Rabs (GroupUpdate.group_expect acts pol theta (S (S n)) (GroupUpdate.whitened r g G k)
  - (- (117/484))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B09_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/11)); ((9/22)); ((9/22))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let k := 1%nat in
  Rabs (GroupGain.w (GroupUpdate.expect acts pol theta r) n * v k
  - (- (117/484))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B10 *)
Example B10_left_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/9)); ((1/9))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  GroupUpdate.trace_variance acts dims pol theta (S (S n)) (GroupUpdate.rloo r g G) = ((31939/1285956)).
Proof. equal_value. Qed.
Example B10_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/9)); ((1/9))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  (GroupUpdate.weighted_square acts dims pol r theta g - GroupUpdate.squared_norm dims v) / G + (GroupUpdate.reward_var acts pol r theta * GroupUpdate.score_square acts dims pol theta g + GroupUpdate.squared_norm dims v) / (G * (G - 1)) = ((31939/1285956)).
Proof. equal_value. Qed.
Example B10_left_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/8)); ((1/4)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((5/7))] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  GroupUpdate.trace_variance acts dims pol theta (S (S n)) (GroupUpdate.rloo r g G) = ((25029/6422528)).
Proof. equal_value. Qed.
Example B10_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/8)); ((1/4)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((5/7))] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  (GroupUpdate.weighted_square acts dims pol r theta g - GroupUpdate.squared_norm dims v) / G + (GroupUpdate.reward_var acts pol r theta * GroupUpdate.score_square acts dims pol theta g + GroupUpdate.squared_norm dims v) / (G * (G - 1)) = ((25029/6422528)).
Proof. equal_value. Qed.

(* B11 *)
Example B11_left_1 :
  let D := 1 in
  let group := 2%nat in
  let trace := ((1/2)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((1/4))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B11_right_1 :
  let D := 1 in
  let rate := ((9/10)) in
  let group := 2%nat in
  let trace := ((1/2)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((9/100))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B11_left_2 :
  let D := 1 in
  let group := 3%nat in
  let trace := ((7/10)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((3658536585365853658537/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B11_right_2 :
  let D := 1 in
  let rate := ((1/10)) in
  let group := 3%nat in
  let trace := ((7/10)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((1317073170731707317073/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B11_left_3 :
  let D := 1 in
  let group := 4%nat in
  let trace := ((1/5)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((441138193526462494957/625000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B11_right_3 :
  let D := 1 in
  let rate := ((9/10)) in
  let group := 4%nat in
  let trace := ((1/5)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((2732568424901539828923/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B12 *)
Example B12_left_1 :
  let A := nat in
  let K := 1%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/10))] 0 in
  let mixture := ((7/10)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Sums.sum_over (fun x : A => (lam * (v x / Sums.sum_over v pool) + (1 - lam) / Sums.sum_over (fun _ : A => 1) pool) * v x) pool = ((9/100)).
Proof. equal_value. Qed.
Example B12_right_1 :
  let K := 1%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/10))] 0 in
  let mixture := ((7/10)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Pools.U pool v * (1 + lam * Pools.CV2 pool v) = ((9/100)).
Proof. equal_value. Qed.
Example B12_left_2 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((3/5)); ((9/10))] 0 in
  let mixture := ((3/5)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Sums.sum_over (fun x : A => (lam * (v x / Sums.sum_over v pool) + (1 - lam) / Sums.sum_over (fun _ : A => 1) pool) * v x) pool = ((51/275)).
Proof. equal_value. Qed.
Example B12_right_2 :
  let K := 2%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((3/5)); ((9/10))] 0 in
  let mixture := ((3/5)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Pools.U pool v * (1 + lam * Pools.CV2 pool v) = ((51/275)).
Proof. equal_value. Qed.
Example B12_left_3 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((2/5)); ((9/10)); ((2/5))] 0 in
  let mixture := ((1/10)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Sums.sum_over (fun x : A => (lam * (v x / Sums.sum_over v pool) + (1 - lam) / Sums.sum_over (fun _ : A => 1) pool) * v x) pool = ((183/950)).
Proof. equal_value. Qed.
Example B12_right_3 :
  let K := 3%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((2/5)); ((9/10)); ((2/5))] 0 in
  let mixture := ((1/10)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Pools.U pool v * (1 + lam * Pools.CV2 pool v) = ((183/950)).
Proof. equal_value. Qed.
Example B12_left_4 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((3/10)); ((2/5)); ((9/10)); ((2/5)); ((9/10))] 0 in
  let mixture := ((4/5)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Sums.sum_over (fun x : A => (lam * (v x / Sums.sum_over v pool) + (1 - lam) / Sums.sum_over (fun _ : A => 1) pool) * v x) pool = ((14223/72500)).
Proof. equal_value. Qed.
Example B12_right_4 :
  let K := 5%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((3/10)); ((2/5)); ((9/10)); ((2/5)); ((9/10))] 0 in
  let mixture := ((4/5)) in
  let v := fun a : nat => rates a * (1 - rates a) in
  let pool := arms in
  let lam := mixture in
  Pools.U pool v * (1 + lam * Pools.CV2 pool v) = ((14223/72500)).
Proof. equal_value. Qed.

(* B13 *)
Example B13_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((9/10))] 0 in
  let finish := fun (i : nat) => nth i [((2/5)); ((2/5))] 0 in
  let pool := arms in
  Potentials.rise pool start finish = (- (37/750)).
Proof. equal_value. Qed.
Example B13_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((9/10))] 0 in
  let finish := fun (i : nat) => nth i [((2/5)); ((2/5))] 0 in
  let pool := arms in
  Potentials.simpson pool start finish = (- (37/750)).
Proof. equal_value. Qed.
Example B13_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((1/2)); ((1/5))] 0 in
  let finish := fun (i : nat) => nth i [((3/5)); ((1/2)); ((1/10))] 0 in
  let pool := arms in
  Potentials.rise pool start finish = ((34/375)).
Proof. equal_value. Qed.
Example B13_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((1/2)); ((1/5))] 0 in
  let finish := fun (i : nat) => nth i [((3/5)); ((1/2)); ((1/10))] 0 in
  let pool := arms in
  Potentials.simpson pool start finish = ((34/375)).
Proof. equal_value. Qed.
Example B13_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((1/5)); ((3/10)); ((9/10)); ((3/10))] 0 in
  let finish := fun (i : nat) => nth i [((1/2)); ((3/5)); ((1/5)); ((1/5)); ((4/5))] 0 in
  let pool := arms in
  Potentials.rise pool start finish = ((179/1500)).
Proof. equal_value. Qed.
Example B13_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let start := fun (i : nat) => nth i [((1/10)); ((1/5)); ((3/10)); ((9/10)); ((3/10))] 0 in
  let finish := fun (i : nat) => nth i [((1/2)); ((3/5)); ((1/5)); ((1/5)); ((4/5))] 0 in
  let pool := arms in
  Potentials.simpson pool start finish = ((179/1500)).
Proof. equal_value. Qed.

(* B14 *)
Example B14_right_1 :
  let D := nat in
  let start := ((2/5)) in
  let way := ((4/5)) in
  let scale := ((1/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs ((1 - exp (- gamma)) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((2033291292724598894893/500000000000000000000))) <= ((1/250000000000000)).
Proof. near_value. Qed.
Example B14_right_2 :
  let D := nat in
  let start := ((7/10)) in
  let way := ((1/2)) in
  let scale := ((4/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs ((1 - exp (- gamma)) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((4892569296751391952741/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B14_right_3 :
  let D := nat in
  let start := ((1/2)) in
  let way := ((4/5)) in
  let scale := ((2/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs ((1 - exp (- gamma)) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((339920392520233585537/200000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B15 *)
Example B15_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/5)); ((4/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((28/5)); 0]; [(- (7/5)); 0]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  Rabs (Tabular.norm dims v ^ 2
  - ((1681/2500))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B15_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/5)); ((4/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((28/5)); 0]; [(- (7/5)); 0]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  Gradients.policy_variance acts pol theta r * Gradients.between_level_dispersion acts dims pol theta g r = ((1681/2500)).
Proof. equal_value. Qed.
Example B15_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/13)); ((7/13)); ((4/13))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((209/39)); ((8/39))]; [(- (38/39)); ((8/39))]; [(- (38/39)); (- (6/13))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((4/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  Rabs (Tabular.norm dims v ^ 2
  - ((972485/15502032))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B15_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/13)); ((7/13)); ((4/13))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((209/39)); ((8/39))]; [(- (38/39)); ((8/39))]; [(- (38/39)); (- (6/13))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((4/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  Gradients.policy_variance acts pol theta r * Gradients.between_level_dispersion acts dims pol theta g r = ((972485/15502032)).
Proof. equal_value. Qed.

(* B16 *)
Example B16_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [0; ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  Rabs (Tabular.norm (Derivative.arms K) (Derivative.partial K r th)
  - ((48833885887446799617/312500000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B16_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [0; ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  Rabs (Derivative.variance K r th * sqrt (INR K / (INR (K / 2) * INR (K - K / 2)))
  - ((1744067353123099986321/25000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B16_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (1/5)); ((3/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((2/7))] 0 in
  Rabs (Tabular.norm (Derivative.arms K) (Derivative.partial K r th)
  - ((188904272184939783917/2000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B16_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (1/5)); ((3/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((2/7))] 0 in
  Rabs (Derivative.variance K r th * sqrt (INR K / (INR (K / 2) * INR (K - K / 2)))
  - ((4703891928744102403803/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B17 *)
Example B17_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/5)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((133340135880891818887/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B17_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/5)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  Rabs (sqrt (Tabular.Var arms p r / 2)
  - ((208343962313893467011/1250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B17_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/20)); ((1/5)); ((9/20))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((3/7))] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((1239811314283552666467/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B17_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/20)); ((1/5)); ((9/20))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((3/7))] 0 in
  Rabs (sqrt (Tabular.Var arms p r / 2)
  - ((1408494523943771616939/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B17_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/35)); ((9/35)); ((9/35)); ((1/5)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0; ((2/7)); ((3/7)); ((1/7))] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((950196941468054299513/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B17_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/35)); ((9/35)); ((9/35)); ((1/5)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0; ((2/7)); ((3/7)); ((1/7))] 0 in
  Rabs (sqrt (Tabular.Var arms p r / 2)
  - ((1708688627668120720019/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B18 *)
Example B18_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((848528137423857029281/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B18_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Rabs (sqrt 2 * Tabular.Var arms p r
  - ((848528137423857029281/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B18_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/16)); ((7/16)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((1867661419981550082027/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B18_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/16)); ((7/16)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  Rabs (sqrt 2 * Tabular.Var arms p r
  - ((2154465973927761988409/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B18_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/25)); ((9/25)); ((4/25)); ((3/25)); ((2/25))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 0] 0 in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - ((1242294651038955411633/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B18_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/25)); ((9/25)); ((4/25)); ((3/25)); ((2/25))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 0] 0 in
  Rabs (sqrt 2 * Tabular.Var arms p r
  - ((3484622217687306200247/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B19 *)
Example B19_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/8)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  Tabular.l1_norm arms (Tabular.grad arms p r) = ((255/1792)).
Proof. equal_value. Qed.
Example B19_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/8)); ((3/8))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  2 * Tabular.Var arms p r / Tabular.reward_range arms r = ((255/1792)).
Proof. equal_value. Qed.
Example B19_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/16)); ((1/16)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((3/7))] 0 in
  Tabular.l1_norm arms (Tabular.grad arms p r) = ((233/1024)).
Proof. equal_value. Qed.
Example B19_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/16)); ((1/16)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((3/7))] 0 in
  2 * Tabular.Var arms p r / Tabular.reward_range arms r = ((43135/236544)).
Proof. equal_value. Qed.
Example B19_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/20)); ((1/5)); ((3/20)); ((1/10))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); 0; 0; ((5/7))] 0 in
  Tabular.l1_norm arms (Tabular.grad arms p r) = ((5/14)).
Proof. equal_value. Qed.
Example B19_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((2/5)); ((3/20)); ((1/5)); ((3/20)); ((1/10))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); 0; 0; ((5/7))] 0 in
  2 * Tabular.Var arms p r / Tabular.reward_range arms r = ((5837/17150)).
Proof. equal_value. Qed.

(* B20 *)
Example B20_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((1/5)); 0] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  Rabs (Sums.sum_over (fun i : nat => Derivative.partial K r th i ^ 2) (seq 0 K)
  - ((1129172649149895110229/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B20_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [((4/5)); ((6/5)); (- (8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7)); ((2/7))] 0 in
  Rabs (Sums.sum_over (fun i : nat => Derivative.partial K r th i ^ 2) (seq 0 K)
  - ((2115610991004777487689/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B21 *)
Example B21_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/10)); ((7/10))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((2601/320000)).
Proof. equal_value. Qed.
Example B21_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/10)); ((7/10))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7))] 0 in
  Sums.min_over p arms * Tabular.Var arms p r = ((2601/448000)).
Proof. equal_value. Qed.
Example B21_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((3/5)); ((1/15))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((6/7))] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((168211/3175200)).
Proof. equal_value. Qed.
Example B21_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((3/5)); ((1/15))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((6/7))] 0 in
  Sums.min_over p arms * Tabular.Var arms p r = ((1801/211680)).
Proof. equal_value. Qed.
Example B21_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/22)); ((9/22)); ((3/22)); ((1/22)); ((1/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((2/7)); ((6/7)); ((4/7))] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((101315/11478544)).
Proof. equal_value. Qed.
Example B21_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/22)); ((9/22)); ((3/22)); ((1/22)); ((1/11))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((2/7)); ((6/7)); ((4/7))] 0 in
  Sums.min_over p arms * Tabular.Var arms p r = ((8495/4770304)).
Proof. equal_value. Qed.

(* B22 *)
Example B22_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((1/8)).
Proof. equal_value. Qed.
Example B22_right_1 :
  let A := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Sums.sum_over r arms + 1 / Sums.sum_over (fun a : A => 1 - r a) arms) = ((1/8)).
Proof. equal_value. Qed.
Example B22_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((1/3)); ((1/3))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((2/27)).
Proof. equal_value. Qed.
Example B22_right_2 :
  let A := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((1/3)); ((1/3))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Sums.sum_over r arms + 1 / Sums.sum_over (fun a : A => 1 - r a) arms) = ((2/27)).
Proof. equal_value. Qed.
Example B22_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((6/29)); ((1/29)); ((9/29)); ((6/29)); ((7/29))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 1] 0 in
  Tabular.norm2 arms (Tabular.grad arms p r) = ((898/24389)).
Proof. equal_value. Qed.
Example B22_right_3 :
  let A := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((6/29)); ((1/29)); ((9/29)); ((6/29)); ((7/29))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 0; 1] 0 in
  Tabular.Var arms p r ^ 2 * (1 / Sums.sum_over r arms + 1 / Sums.sum_over (fun a : A => 1 - r a) arms) = ((59290/2121843)).
Proof. equal_value. Qed.

(* B23 *)
Example B23_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/8)); ((7/8))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((49/8)); ((49/48))]; [(- (7/8)); (- (7/48))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((16317/1048576)).
Proof. equal_value. Qed.
Example B23_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/10)); ((1/2)); ((2/5))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((137/20)); (- (83/60))]; [((7/20)); ((9/20))]; [(- (43/20)); (- (13/60))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((1/7))] 0 in
  let acts := arms in
  let dims := seq 0 2 in
  ScoreMoments.grad2 acts dims p r g = ((31836781/112896000)).
Proof. equal_value. Qed.

(* B24 *)
Example B24_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/11)); ((3/11))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((37/22))]; [(- (148/33))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let acts := arms in
  let dims := [0%nat] in
  let w := fun k : nat => ScoreMoments.grad acts p r g k / Sums.sum_over (fun a => p a * g a k ^ 2) acts in
  Rabs (ExplainedVariance.dot dims (ScoreMoments.grad acts p r g) w
  - ((265801568561308821049/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B24_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/11)); ((3/11))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((37/22))]; [(- (148/33))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7))] 0 in
  let acts := arms in
  let dims := [0%nat] in
  let w := fun k : nat => ScoreMoments.grad acts p r g k / Sums.sum_over (fun a => p a * g a k ^ 2) acts in
  Rabs (ExplainedVariance.explained_share acts dims p r g w * ScoreMoments.Var acts p r
  - ((265801568561308821049/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B24_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((3/8)); ((3/8))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((39/16))]; [(- (9/16))]; [(- (17/16))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((6/7))] 0 in
  let acts := arms in
  let dims := [0%nat] in
  let w := fun k : nat => ScoreMoments.grad acts p r g k / Sums.sum_over (fun a => p a * g a k ^ 2) acts in
  Rabs (ExplainedVariance.dot dims (ScoreMoments.grad acts p r g) w
  - ((1287341390674767016633/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B24_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((3/8)); ((3/8))] 0 in
  let g := fun (i : nat) (j : nat) => nth j (nth i [[((39/16))]; [(- (9/16))]; [(- (17/16))]] []) 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((1/7)); ((6/7))] 0 in
  let acts := arms in
  let dims := [0%nat] in
  let w := fun k : nat => ScoreMoments.grad acts p r g k / Sums.sum_over (fun a => p a * g a k ^ 2) acts in
  Rabs (ExplainedVariance.explained_share acts dims p r g w * ScoreMoments.Var acts p r
  - ((1287341390674767016633/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B25 *)
Example B25_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); ((7/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((1/2)) in
  let eta := step / SampleStep.rho K r in
  Rabs (SampleStep.expected_gain K r th eta
  - ((4150704979414237254969/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B25_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); ((7/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((1/2)) in
  let eta := step / SampleStep.rho K r in
  Rabs (eta / 2 * SampleStep.gradient_norm K r th ^ 2
  - ((608388922547522697433/500000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B25_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (2/5)); 0; ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((6/7))] 0 in
  let step := ((4/5)) in
  let eta := step / SampleStep.rho K r in
  Rabs (SampleStep.expected_gain K r th eta
  - ((102880286431386931057/40000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B25_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (2/5)); 0; ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((6/7))] 0 in
  let step := ((4/5)) in
  let eta := step / SampleStep.rho K r in
  Rabs (eta / 2 * SampleStep.gradient_norm K r th ^ 2
  - ((1856844622571747061019/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B27 *)
Example B27_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [(- (7/5)); ((4/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((1/2)) in
  let group := 2%nat in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  let G := group in
  Rabs (GroupStep.expected_group_gain K r th eta G (fun _ : list nat => 1)
  - ((1312519491301077916451/500000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B27_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [(- (7/5)); ((4/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((1/2)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  let G := group in
  Rabs (eta * (1 - / INR G) * SampleStep.gradient_norm K r th ^ 2 * (1 - k * eta * SampleStep.rho K r / 4 * exp (k * eta * (hi - lo) / (2 * sqrt 2)))
  - ((239268421757212792167/125000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B27_left_2 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [((1/5)); ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/5)) in
  let group := 2%nat in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  let G := group in
  Rabs (GroupStep.expected_group_gain K r th eta G (fun _ : list nat => 1)
  - ((1135016923239333814881/250000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B27_right_2 :
  let K := 2%nat in
  let arms := seq 0 K in
  let th := fun (i : nat) => nth i [((1/5)); ((8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let step := ((1/5)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let lo := Sums.min_over r arms in
  let hi := Sums.max_over r arms in
  let eta := step / (hi - lo) in
  let G := group in
  Rabs (eta * (1 - / INR G) * SampleStep.gradient_norm K r th ^ 2 * (1 - k * eta * SampleStep.rho K r / 4 * exp (k * eta * (hi - lo) / (2 * sqrt 2)))
  - ((4118853000630935674671/1000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B28 *)
Example B28_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [1; (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((3/5)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (WhitenedStep.whitened_gain K r th eta n
  - ((238118555449145662091/31250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B28_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [1; (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((3/5)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 - k * eta * INR (S (S n)) * SampleStep.rho K r * exp (k * eta / sqrt 2) / (4 * GroupGain.w (Softmax.value K r th) n))
  - ((18090954714174621467/6250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B28_left_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); (- (2/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((9/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (WhitenedStep.whitened_gain K r th eta n
  - ((4051766749543839679599/50000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B28_right_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); (- (2/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((9/10)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 - k * eta * INR (S (S n)) * SampleStep.rho K r * exp (k * eta / sqrt 2) / (4 * GroupGain.w (Softmax.value K r th) n))
  - (- (3410731707014145357013/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B29 *)
Example B29_left_1 :
  let rate := ((2/5)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B29_right_1 :
  let group := 2%nat in
  let n := (group - 2)%nat in
  Rabs (GroupGain.w (1 / 2) n
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B29_left_2 :
  let rate := ((4/5)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B29_right_2 :
  let group := 3%nat in
  let n := (group - 2)%nat in
  Rabs (GroupGain.w (1 / 2) n
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B29_left_3 :
  let rate := ((1/5)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((1823836717690616991423/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B29_right_3 :
  let group := 5%nat in
  let n := (group - 2)%nat in
  Rabs (GroupGain.w (1 / 2) n
  - ((1724744871391589049099/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B30 *)
Example B30_left_1 :
  let rate := ((3/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p (S n)
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B30_right_1 :
  let rate := ((3/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B30_left_2 :
  let rate := ((3/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p (S n)
  - ((817294734194974415123/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B30_right_2 :
  let rate := ((3/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B30_left_3 :
  let rate := ((1/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p (S n)
  - ((129384538209439629487/62500000000000000000))) <= ((1/500000000000000)).
Proof. near_value. Qed.
Example B30_right_3 :
  let rate := ((1/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((475227038425243014419/250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B31 *)
Example B31_left_1 :
  let rate := ((1/2)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (BinomialMeans.binomial_mean p n (fun j : nat => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j)))
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B31_right_1 :
  let rate := ((1/2)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs ((G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1))
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B31_left_2 :
  let rate := ((1/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (BinomialMeans.binomial_mean p n (fun j : nat => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j)))
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B31_right_2 :
  let rate := ((1/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs ((G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1))
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B31_left_3 :
  let rate := ((1/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (BinomialMeans.binomial_mean p n (fun j : nat => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j)))
  - ((475227038425243014419/250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B31_right_3 :
  let rate := ((1/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs ((G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1))
  - ((1877293017855728307351/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B32 *)
Example B32_left_1 :
  let rate := ((7/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B32_right_1 :
  let rate := ((7/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (sqrt ((G - 1) / (G * (p * (1 - p))))
  - ((1543033499620919102611/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B32_left_2 :
  let rate := ((1/5)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B32_right_2 :
  let rate := ((1/5)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (sqrt ((G - 1) / (G * (p * (1 - p))))
  - ((2041241452319315081831/1000000000000000000000))) <= ((1/500000000000000)).
Proof. near_value. Qed.
Example B32_left_3 :
  let rate := ((3/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  Rabs (GroupGain.w p n
  - ((1768785691968934801243/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B32_right_3 :
  let rate := ((3/10)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let p := rate in
  let G := INR n + 2 in
  Rabs (sqrt ((G - 1) / (G * (p * (1 - p))))
  - ((1951800145897066358709/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B33 *)
Example B33_left_1 :
  let A := nat in
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/13)); ((8/13))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  Rabs (Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w : list A => GroupUpdate.whitened r g G k w ^ 2)) dims
  - ((315581854043392504931/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B33_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/13)); ((8/13))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  (1 - / G) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r)) * GroupUpdate.class_distance acts dims pol r theta g + / G * (GroupUpdate.spread_right acts dims pol r theta g * ((1 - GroupUpdate.expect acts pol theta r) * (1 - (1 - GroupUpdate.expect acts pol theta r) ^ S n)) + GroupUpdate.spread_wrong acts dims pol r theta g * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r ^ S n))) = ((160/507)).
Proof. equal_value. Qed.
Example B33_left_2 :
  let A := nat in
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/7)); ((1/2)); ((5/14))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  Rabs (Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w : list A => GroupUpdate.whitened r g G k w ^ 2)) dims
  - ((6/49))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B33_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/7)); ((1/2)); ((5/14))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  (1 - / G) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r)) * GroupUpdate.class_distance acts dims pol r theta g + / G * (GroupUpdate.spread_right acts dims pol r theta g * ((1 - GroupUpdate.expect acts pol theta r) * (1 - (1 - GroupUpdate.expect acts pol theta r) ^ S n)) + GroupUpdate.spread_wrong acts dims pol r theta g * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r ^ S n))) = ((6/49)).
Proof. equal_value. Qed.

(* B34 *)
Example B34_left_1 :
  let A := nat in
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/7)); ((2/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w : list A => GroupUpdate.dr_grpo r g G k w ^ 2)) dims = ((80/1323)).
Proof. equal_value. Qed.
Example B34_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/7)); ((2/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r) * (G - 1) / G ^ 3 * (GroupUpdate.class_distance acts dims pol r theta g * (G - 1 + (G - 2) * (G - 3) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r))) + GroupUpdate.spread_right acts dims pol r theta g * ((G - 2) * (1 - GroupUpdate.expect acts pol theta r) + 1) + GroupUpdate.spread_wrong acts dims pol r theta g * ((G - 2) * GroupUpdate.expect acts pol theta r + 1)) = ((80/1323)).
Proof. equal_value. Qed.
Example B34_left_2 :
  let A := nat in
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/11)); ((3/11)); ((7/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  Sums.sum_over (fun k : D => GroupUpdate.group_expect acts pol theta (S (S n)) (fun w : list A => GroupUpdate.dr_grpo r g G k w ^ 2)) dims = ((5/242)).
Proof. equal_value. Qed.
Example B34_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/11)); ((3/11)); ((7/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let dims := arms in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r) * (G - 1) / G ^ 3 * (GroupUpdate.class_distance acts dims pol r theta g * (G - 1 + (G - 2) * (G - 3) * (GroupUpdate.expect acts pol theta r * (1 - GroupUpdate.expect acts pol theta r))) + GroupUpdate.spread_right acts dims pol r theta g * ((G - 2) * (1 - GroupUpdate.expect acts pol theta r) + 1) + GroupUpdate.spread_wrong acts dims pol r theta g * ((G - 2) * GroupUpdate.expect acts pol theta r + 1)) = ((5/242)).
Proof. equal_value. Qed.

(* B46 *)
Example B46_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  let u := fun (i : nat) => nth i [(- (3/2)); (- (1))] 0 in
  Curvature.curvature arms p r u = ((25/3024)).
Proof. equal_value. Qed.
Example B46_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((3/7))] 0 in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  Rabs (k * sqrt (Tabular.norm2 arms (Tabular.grad arms p r))
  - ((288400397976756926171/1250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B46_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/10)); ((1/10)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((4/7))] 0 in
  let u := fun (i : nat) => nth i [(- (7/4)); ((1/4)); (- (1/2))] 0 in
  Curvature.curvature arms p r u = (- (2091/32000)).
Proof. equal_value. Qed.
Example B46_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/10)); ((1/10)); ((1/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((4/7)); ((4/7))] 0 in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  Rabs (k * sqrt (Tabular.norm2 arms (Tabular.grad arms p r))
  - ((6537690143709693559/50000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B46_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/23)); ((2/23)); ((4/23)); ((6/23)); ((4/23))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((4/7)); ((1/7)); ((4/7))] 0 in
  let u := fun (i : nat) => nth i [((5/4)); (- (1/4)); (- (1/2)); (- (1/2)); (- (3/2))] 0 in
  Curvature.curvature arms p r u = ((894393/5450816)).
Proof. equal_value. Qed.
Example B46_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/23)); ((2/23)); ((4/23)); ((6/23)); ((4/23))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7)); ((4/7)); ((1/7)); ((4/7))] 0 in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  Rabs (k * sqrt (Tabular.norm2 arms (Tabular.grad arms p r))
  - ((2394506166722919358821/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B47 *)
Example B47_left_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (3/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((3/10))]; [(- (2/5))]]; [[((4/5))]; [(- (3/2))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [0; (- (1/2)); (- (1/8))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => match c with 1%nat :: _ => true | _ => false end in
  let reward := fun h : list nat => r (match h with [_] => 0 | [y; _] => 2 - y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((65738046351805168073/3125000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B47_right_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (3/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((3/10))]; [(- (2/5))]]; [[((4/5))]; [(- (3/2))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [0; (- (1/2)); (- (1/8))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => match c with 1%nat :: _ => true | _ => false end in
  let reward := fun h : list nat => r (match h with [_] => 0 | [y; _] => 2 - y | _ => 0 end)%nat in
  Rabs (gamma * sqrt (Tokens.mean_length K logit stop theta L / 2) * sqrt (Tokens.reward_variance K logit stop reward theta L)
  - ((99772478249163420229/312500000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B47_left_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((1/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[((1/2))]; [(- (6/5))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [(- (7/8)); ((1/4)); ((3/4))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => match c with 1%nat :: _ => true | _ => false end in
  let reward := fun h : list nat => r (match h with [_] => 0 | [y; _] => 2 - y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((2274634557001321643529/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B47_right_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((1/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[((1/2))]; [(- (6/5))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [(- (7/8)); ((1/4)); ((3/4))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => match c with 1%nat :: _ => true | _ => false end in
  let reward := fun h : list nat => r (match h with [_] => 0 | [y; _] => 2 - y | _ => 0 end)%nat in
  Rabs (gamma * sqrt (Tokens.mean_length K logit stop theta L / 2) * sqrt (Tokens.reward_variance K logit stop reward theta L)
  - ((21541230006061445901/20000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B50 *)
Example B50_right_1 :
  let a := 2 in
  let b := ((7/4)) in
  (a + 1) * (b + 1) * ((a + b) * (a + b + 1)) / (a * b * ((a + b + 2) * (a + b + 3))) = ((1045/966)).
Proof. equal_value. Qed.
Example B50_right_2 :
  let a := ((1/2)) in
  let b := ((1/4)) in
  (a + 1) * (b + 1) * ((a + b) * (a + b + 1)) / (a * b * ((a + b + 2) * (a + b + 3))) = ((21/11)).
Proof. equal_value. Qed.
Example B50_right_3 :
  let a := ((3/4)) in
  let b := ((1/4)) in
  (a + 1) * (b + 1) * ((a + b) * (a + b + 1)) / (a * b * ((a + b + 2) * (a + b + 3))) = ((35/18)).
Proof. equal_value. Qed.

(* B51 *)
Example B51_right_1 :
  let a := ((5/4)) in
  let b := ((7/4)) in
  let group := 2%nat in
  let N := group in
  let m := (a + 1) * (b + 1) / ((a + b + 2) * (a + b + 3)) in
  ((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^ 2 = ((40/33)).
Proof. equal_value. Qed.
Example B51_right_2 :
  let a := ((3/2)) in
  let b := ((3/4)) in
  let group := 3%nat in
  let N := group in
  let m := (a + 1) * (b + 1) / ((a + b + 2) * (a + b + 3)) in
  ((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^ 2 = ((17/15)).
Proof. equal_value. Qed.
Example B51_right_3 :
  let a := ((1/4)) in
  let b := ((1/2)) in
  let group := 5%nat in
  let N := group in
  let m := (a + 1) * (b + 1) / ((a + b + 2) * (a + b + 3)) in
  ((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^ 2 = ((28/25)).
Proof. equal_value. Qed.

(* B53 *)
Example B53_right_1 :
  let D := nat in
  let start := ((1/2)) in
  let way := ((2/5)) in
  let scale := ((1/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs (2 * (1 - exp (- asin (gamma / 2))) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((3722046202572250844853/1000000000000000000000))) <= ((3/1000000000000000)).
Proof. near_value. Qed.
Example B53_right_2 :
  let D := nat in
  let start := ((7/10)) in
  let way := ((9/10)) in
  let scale := ((1/10)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs (2 * (1 - exp (- asin (gamma / 2))) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((1109556622008906829251/200000000000000000000))) <= ((1/200000000000000)).
Proof. near_value. Qed.
Example B53_right_3 :
  let D := nat in
  let start := ((3/5)) in
  let way := ((9/10)) in
  let scale := ((3/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let Gmax := Rmax (1 - start) (start + way * (1 - start)) in
  Rabs (2 * (1 - exp (- asin (gamma / 2))) / (Gmax ^ 2 * sqrt (GradientFlow.start_variance prompts acts pol mu reward theta))
  - ((227445599874122280503/200000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B54 *)
Example B54_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); (- (3/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((9/10)) in
  let eta := step / SampleStep.rho K r in
  Rabs (SampleStep.expected_gain K r th eta
  - ((3772907100029152502683/50000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B54_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (7/5)); (- (3/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let step := ((9/10)) in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let eta := step / SampleStep.rho K r in
  Rabs (eta * SampleStep.gradient_norm K r th ^ 2 * (1 - (exp (SampleStep.reach K r eta k) - 1 - SampleStep.reach K r eta k) / SampleStep.reach K r eta k)
  - (- (2870584325969845020139/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B54_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [1; (- (7/5)); 0] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((6/7))] 0 in
  let step := ((2/5)) in
  let eta := step / SampleStep.rho K r in
  Rabs (SampleStep.expected_gain K r th eta
  - ((1269476937061244802813/2000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B54_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [1; (- (7/5)); 0] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((6/7))] 0 in
  let step := ((2/5)) in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let eta := step / SampleStep.rho K r in
  Rabs (eta * SampleStep.gradient_norm K r th ^ 2 * (1 - (exp (SampleStep.reach K r eta k) - 1 - SampleStep.reach K r eta k) / SampleStep.reach K r eta k)
  - (- (4979105699743664461831/100000000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B55 *)
Example B55_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (3/5)); (- (1))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((2/5)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (WhitenedStep.whitened_gain K r th eta n
  - ((4386527938695188597177/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B55_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (3/5)); (- (1))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((2/5)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 - 2 * k * eta * SampleStep.rho K r / GroupGain.w (Softmax.value K r th) n * (1 - / INR (S (S n))) * WhitenedStep.phi (k * eta / sqrt 2))
  - ((671238694326496794859/20000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B55_left_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (3/5)); (- (2/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((3/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (WhitenedStep.whitened_gain K r th eta n
  - ((3703500618646160377057/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B55_right_2 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [(- (3/5)); (- (2/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((3/10)) in
  let group := 2%nat in
  let k := (164449052898491195382622072843/100000000000000000000000000000) in
  let n := (group - 2)%nat in
  let eta := step in
  Rabs (eta * GroupGain.w (Softmax.value K r th) n * SampleStep.gradient_norm K r th ^ 2 * (1 - 2 * k * eta * SampleStep.rho K r / GroupGain.w (Softmax.value K r th) n * (1 - / INR (S (S n))) * WhitenedStep.phi (k * eta / sqrt 2))
  - ((184572866373273049037/6250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B57 *)
Example B57_left_1 :
  let D := 1 in
  let group := 2%nat in
  let trace := ((4/5)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((5/26))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B57_right_1 :
  let D := 1 in
  let rate := ((9/10)) in
  let group := 2%nat in
  let trace := ((4/5)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((9/130))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B57_left_2 :
  let D := 1 in
  let group := 3%nat in
  let trace := ((3/5)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((3947368421052631578947/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B57_right_2 :
  let D := 1 in
  let rate := ((1/2)) in
  let group := 3%nat in
  let trace := ((3/5)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((3947368421052631578947/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B57_left_3 :
  let D := 1 in
  let group := 4%nat in
  let trace := ((1/5)) in
  let n := (group - 2)%nat in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n (1 / 2) D tau tau
  - ((441138193526462494957/625000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example B57_right_3 :
  let D := 1 in
  let rate := ((7/10)) in
  let group := 4%nat in
  let trace := ((1/5)) in
  let n := (group - 2)%nat in
  let p := rate in
  let tau := trace in
  Rabs (SignalToNoise.whitened_signal_to_noise n p D tau tau
  - ((6039777969170941447611/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* B58 *)
Example B58_left_1 :
  let D := 1 in
  let group := 2%nat in
  let trace := ((1/10)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q' := 1 / 4 in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q' D tau = ((5/12)).
Proof. equal_value. Qed.
Example B58_right_1 :
  let D := 1 in
  let rate := ((3/5)) in
  let group := 2%nat in
  let trace := ((1/10)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q := rate * (1 - rate) in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q D tau = ((2/5)).
Proof. equal_value. Qed.
Example B58_left_2 :
  let D := 1 in
  let group := 3%nat in
  let trace := ((1/2)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q' := 1 / 4 in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q' D tau = ((3/7)).
Proof. equal_value. Qed.
Example B58_right_2 :
  let D := 1 in
  let rate := ((3/10)) in
  let group := 3%nat in
  let trace := ((1/2)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q := rate * (1 - rate) in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q D tau = ((9/25)).
Proof. equal_value. Qed.
Example B58_left_3 :
  let D := 1 in
  let group := 4%nat in
  let trace := ((7/10)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q' := 1 / 4 in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q' D tau = ((10/21)).
Proof. equal_value. Qed.
Example B58_right_3 :
  let D := 1 in
  let rate := ((1/2)) in
  let group := 4%nat in
  let trace := ((7/10)) in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let q := rate * (1 - rate) in
  let tau := trace in
  GroupUpdate.dr_grpo_signal_to_noise G q D tau = ((10/21)).
Proof. equal_value. Qed.

(* C01 *)
Example C01_left_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let tpr := ((4/5)) in
  let fpr := ((7/10)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let k := 1%nat in
  Rabs (GroupUpdate.group_expect (Additions.judged acts) (Additions.judged_policy pol r tpr fpr) theta (S (S n)) (GroupUpdate.whitened Additions.verdict (Additions.judged_score g) G k)
  - (- (3142696805273544552893/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C01_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/3)); ((2/3))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let tpr := ((4/5)) in
  let fpr := ((7/10)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let k := 1%nat in
  Rabs ((tpr - fpr) * GroupGain.w (Additions.noisy_rate acts pol r theta tpr fpr) n * v k
  - (- (3142696805273544552893/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C01_left_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/11)); ((2/11)); ((2/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let group := 2%nat in
  let tpr := ((3/10)) in
  let fpr := ((9/10)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let G := INR (S (S n)) in
  let k := 1%nat in
  Rabs (GroupUpdate.group_expect (Additions.judged acts) (Additions.judged_policy pol r tpr fpr) theta (S (S n)) (GroupUpdate.whitened Additions.verdict (Additions.judged_score g) G k)
  - ((54/605))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C01_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((7/11)); ((2/11)); ((2/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let group := 2%nat in
  let tpr := ((3/10)) in
  let fpr := ((9/10)) in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => p a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p k in
  let n := (group - 2)%nat in
  let v := fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts in
  let k := 1%nat in
  Rabs ((tpr - fpr) * GroupGain.w (Additions.noisy_rate acts pol r theta tpr fpr) n * v k
  - ((54/605))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C02 *)
Example C02_left_1 :
  let rate := ((1/5)) in
  let group := 2%nat in
  let p := rate in
  let G := group in
  Rabs (GroupGain.EB p G (fun k : nat => Additions.is_mixed G k * (INR k / INR G)) / GroupGain.EB p G (Additions.is_mixed G)
  - ((1/2))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C02_right_1 :
  let rate := ((1/5)) in
  let group := 2%nat in
  let p := rate in
  let G := group in
  (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) = ((1/2)).
Proof. equal_value. Qed.
Example C02_left_2 :
  let rate := ((9/10)) in
  let group := 3%nat in
  let p := rate in
  let G := group in
  Rabs (GroupGain.EB p G (fun k : nat => Additions.is_mixed G k * (INR k / INR G)) / GroupGain.EB p G (Additions.is_mixed G)
  - ((19/30))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C02_right_2 :
  let rate := ((9/10)) in
  let group := 3%nat in
  let p := rate in
  let G := group in
  (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) = ((19/30)).
Proof. equal_value. Qed.
Example C02_left_3 :
  let rate := ((9/10)) in
  let group := 4%nat in
  let p := rate in
  let G := group in
  Rabs (GroupGain.EB p G (fun k : nat => Additions.is_mixed G k * (INR k / INR G)) / GroupGain.EB p G (Additions.is_mixed G)
  - ((271/382))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C02_right_3 :
  let rate := ((9/10)) in
  let group := 4%nat in
  let p := rate in
  let G := group in
  (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) = ((271/382)).
Proof. equal_value. Qed.

(* C03 *)
Example C03_left_1 :
  let D := nat in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((1/2)); ((1/2))]; [((3/10)); ((7/10))]] []) 0 in
  let r := fun (i : nat) (j : nat) => nth j (nth i [[((7/8)); ((2/7))]; [((7/8)); ((2/7))]] []) 0 in
  let groups := 3%nat in
  let group := 2%nat in
  let pool := seq 0 2 in
  let acts := seq 0 2 in
  let dims := seq 0 2 in
  let pol := fun (x : nat) (_ : D -> R) (a : nat) => p x a in
  let theta := fun _ : nat => 0 in
  let g := fun (x a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p x k in
  let v := fun x k : nat => Sums.sum_over (fun a : nat => p x a * g x a k * r x a) acts in
  let m := groups in
  let G := group in
  Additions.estimator_variance_at (INR m * INR G) (GroupSize.gradient_spread pool dims v) (GroupSize.rollout_noise pool acts dims pol r theta g v) (GroupSize.baseline_noise pool acts dims pol r theta g v) (INR G) = ((225423/15680000)).
Proof. equal_value. Qed.
Example C03_left_2 :
  let D := nat in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((1/2)); ((1/2))]; [((5/14)); ((9/14))]] []) 0 in
  let r := fun (i : nat) (j : nat) => nth j (nth i [[((7/8)); ((3/7))]; [((7/8)); ((4/7))]] []) 0 in
  let groups := 2%nat in
  let group := 3%nat in
  let pool := seq 0 2 in
  let acts := seq 0 2 in
  let dims := seq 0 2 in
  let pol := fun (x : nat) (_ : D -> R) (a : nat) => p x a in
  let theta := fun _ : nat => 0 in
  let g := fun (x a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p x k in
  let v := fun x k : nat => Sums.sum_over (fun a : nat => p x a * g x a k * r x a) acts in
  let m := groups in
  let G := group in
  Additions.estimator_variance_at (INR m * INR G) (GroupSize.gradient_spread pool dims v) (GroupSize.rollout_noise pool acts dims pol r theta g v) (GroupSize.baseline_noise pool acts dims pol r theta g v) (INR G) = ((1305665/361417728)).
Proof. equal_value. Qed.

(* C04 *)
Example C04_left_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let chance := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => chance a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - chance k in
  let k := 1%nat in
  let G := group in
  GroupUpdate.group_expect acts pol theta G (Additions.maxrl r g k) = (- (7/16)).
Proof. equal_value. Qed.
Example C04_right_1 :
  let D := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let chance := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let group := 3%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => chance a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - chance k in
  let v := fun k : nat => Sums.sum_over (fun a : nat => chance a * g a k * r a) acts in
  let k := 1%nat in
  let G := group in
  let p := Policy.objective acts pol r theta in
  (1 - (1 - p) ^ G) / p * v k = (- (7/16)).
Proof. equal_value. Qed.
Example C04_left_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let chance := fun (i : nat) => nth i [((1/10)); ((9/20)); ((9/20))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => chance a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - chance k in
  let k := 1%nat in
  let G := group in
  GroupUpdate.group_expect acts pol theta G (Additions.maxrl r g k) = (- (171/2000)).
Proof. equal_value. Qed.
Example C04_right_2 :
  let D := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let chance := fun (i : nat) => nth i [((1/10)); ((9/20)); ((9/20))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let group := 2%nat in
  let acts := arms in
  let pol := fun (_ : D -> R) (a : nat) => chance a in
  let theta := fun _ : nat => 0 in
  let g := fun (a k : nat) => (if Nat.eq_dec a k then 1 else 0) - chance k in
  let v := fun k : nat => Sums.sum_over (fun a : nat => chance a * g a k * r a) acts in
  let k := 1%nat in
  let G := group in
  let p := Policy.objective acts pol r theta in
  (1 - (1 - p) ^ G) / p * v k = (- (171/2000)).
Proof. equal_value. Qed.

(* C05 *)
Example C05_left_1 :
  let rate := ((1/10)) in
  let rare := ((7/10)) in
  let group := 2%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Pools.EK l q G (Additions.misses r c) = ((27/500)).
Proof. equal_value. Qed.
Example C05_right_1 :
  let A := nat in
  let rate := ((1/10)) in
  let rare := ((7/10)) in
  let group := 2%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Additions.missed (Sums.sum_over (fun a : A => q a * r a) l) (Sums.sum_over (fun a : A => q a * c a) l) G = ((27/500)).
Proof. equal_value. Qed.
Example C05_left_2 :
  let rate := ((9/10)) in
  let rare := ((1/5)) in
  let group := 3%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Pools.EK l q G (Additions.misses r c) = ((1107/6250)).
Proof. equal_value. Qed.
Example C05_right_2 :
  let A := nat in
  let rate := ((9/10)) in
  let rare := ((1/5)) in
  let group := 3%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Additions.missed (Sums.sum_over (fun a : A => q a * r a) l) (Sums.sum_over (fun a : A => q a * c a) l) G = ((1107/6250)).
Proof. equal_value. Qed.
Example C05_left_3 :
  let rate := ((3/10)) in
  let rare := ((3/5)) in
  let group := 4%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Pools.EK l q G (Additions.misses r c) = ((16548/78125)).
Proof. equal_value. Qed.
Example C05_right_3 :
  let A := nat in
  let rate := ((3/10)) in
  let rare := ((3/5)) in
  let group := 4%nat in
  let l := [0%nat; 1%nat; 2%nat] in
  let q := fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0 in
  let r := fun a : nat => nth a [1; 1; 0] 0 in
  let c := fun a : nat => nth a [1; 0; 0] 0 in
  let G := group in
  Additions.missed (Sums.sum_over (fun a : A => q a * r a) l) (Sums.sum_over (fun a : A => q a * c a) l) G = ((16548/78125)).
Proof. equal_value. Qed.

(* C06 *)
Example C06_left_1 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let group := fun (i : nat) => nth i [((3/4)); 2] 0 in
  let pool := arms in
  let n := group in
  Sums.sum_over (fun x : X => a x / n x) pool = ((11/12)).
Proof. equal_value. Qed.
Example C06_right_1 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let group := fun (i : nat) => nth i [((3/4)); 2] 0 in
  let pool := arms in
  let n := group in
  let budget := Sums.sum_over n pool in
  Rabs (Sums.sum_over (fun x : X => sqrt (a x)) pool ^ 2 / budget
  - ((7272727272727272727273/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C06_left_2 :
  let X := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [1; 2; 2] 0 in
  let group := fun (i : nat) => nth i [((3/2)); ((3/4)); ((9/4))] 0 in
  let pool := arms in
  let n := group in
  Sums.sum_over (fun x : X => a x / n x) pool = ((38/9)).
Proof. equal_value. Qed.
Example C06_right_2 :
  let X := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [1; 2; 2] 0 in
  let group := fun (i : nat) => nth i [((3/2)); ((3/4)); ((9/4))] 0 in
  let pool := arms in
  let n := group in
  let budget := Sums.sum_over n pool in
  Rabs (Sums.sum_over (fun x : X => sqrt (a x)) pool ^ 2 / budget
  - ((3257078722109417821157/1000000000000000000000))) <= ((3/1000000000000000)).
Proof. near_value. Qed.
Example C06_left_3 :
  let X := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [((5/4)); ((1/4)); 1; ((1/4)); ((7/4))] 0 in
  let group := fun (i : nat) => nth i [((3/4)); ((1/4)); ((9/4)); 2; ((5/4))] 0 in
  let pool := arms in
  let n := group in
  Sums.sum_over (fun x : X => a x / n x) pool = ((1669/360)).
Proof. equal_value. Qed.
Example C06_right_3 :
  let X := nat in
  let K := 5%nat in
  let arms := seq 0 K in
  let a := fun (i : nat) => nth i [((5/4)); ((1/4)); 1; ((1/4)); ((7/4))] 0 in
  let group := fun (i : nat) => nth i [((3/4)); ((1/4)); ((9/4)); 2; ((5/4))] 0 in
  let pool := arms in
  let n := group in
  let budget := Sums.sum_over n pool in
  Rabs (Sums.sum_over (fun x : X => sqrt (a x)) pool ^ 2 / budget
  - ((606820875959340572157/200000000000000000000))) <= ((3/1000000000000000)).
Proof. near_value. Qed.

(* C07 *)
Example C07_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/7)); ((6/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let u := fun (i : nat) => nth i [(- (7/4)); ((7/4))] 0 in
  let step := ((2/5)) in
  let eta := step in
  Rabs (StepThreshold.odds (StepThreshold.pass_rate_after arms p r u eta)
  - ((256871837439173413479/6250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C07_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/7)); ((6/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let u := fun (i : nat) => nth i [(- (7/4)); ((7/4))] 0 in
  let width := 0 in
  let step := ((2/5)) in
  let eta := step in
  Rabs (StepThreshold.odds (Tabular.V arms p r) * exp (eta * StepThreshold.gradient_gap arms p r u - (eta * width) ^ 2 / 8)
  - ((256871837439173413479/6250000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C07_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/6)); ((3/4)); ((1/12))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let u := fun (i : nat) => nth i [((1/2)); (- (7/4)); 2] 0 in
  let step := ((4/5)) in
  let eta := step in
  Rabs (StepThreshold.odds (StepThreshold.pass_rate_after arms p r u eta)
  - ((4159900833455150120101/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C07_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/6)); ((3/4)); ((1/12))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let u := fun (i : nat) => nth i [((1/2)); (- (7/4)); 2] 0 in
  let width := ((15/4)) in
  let step := ((4/5)) in
  let eta := step in
  Rabs (StepThreshold.odds (Tabular.V arms p r) * exp (eta * StepThreshold.gradient_gap arms p r u - (eta * width) ^ 2 / 8)
  - ((727495707309100668027/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C07_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/11)); ((1/11)); ((9/22)); ((3/22)); ((1/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 1; 1] 0 in
  let u := fun (i : nat) => nth i [(- (3/2)); (- (5/4)); (- (5/4)); ((1/4)); (- (1/2))] 0 in
  let step := ((3/10)) in
  let eta := step in
  Rabs (StepThreshold.odds (StepThreshold.pass_rate_after arms p r u eta)
  - ((1088802145341277623837/100000000000000000000))) <= ((1/100000000000000)).
Proof. near_value. Qed.
Example C07_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/11)); ((1/11)); ((9/22)); ((3/22)); ((1/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 1; 1] 0 in
  let u := fun (i : nat) => nth i [(- (3/2)); (- (5/4)); (- (5/4)); ((1/4)); (- (1/2))] 0 in
  let width := 0 in
  let step := ((3/10)) in
  let eta := step in
  Rabs (StepThreshold.odds (Tabular.V arms p r) * exp (eta * StepThreshold.gradient_gap arms p r u - (eta * width) ^ 2 / 8)
  - ((1069830259597902048271/100000000000000000000))) <= ((1/100000000000000)).
Proof. near_value. Qed.

(* C08 *)
Example C08_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((6/11)); ((5/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let slope := ((18/5)) in
  let beta := / slope in
  Rabs (Tabular.V arms (RegularisedOptimum.optimum arms p r beta) r - Tabular.V arms p r
  - ((4322826057570282478031/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C08_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((6/11)); ((5/11))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let slope := ((18/5)) in
  let beta := / slope in
  Rabs ((1 - exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((1205797038288480296527/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C08_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/17)); ((7/17)); ((7/17))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let slope := ((8/5)) in
  let beta := / slope in
  Rabs (Tabular.V arms (RegularisedOptimum.optimum arms p r beta) r - Tabular.V arms p r
  - ((2879373602299173232633/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C08_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((3/17)); ((7/17)); ((7/17))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1] 0 in
  let slope := ((8/5)) in
  let beta := / slope in
  Rabs ((1 - exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((120820163798386940757/625000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C08_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((1/8)); ((1/4)); ((1/12)); ((7/24))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 1; 0] 0 in
  let slope := 2 in
  let beta := / slope in
  Rabs (Tabular.V arms (RegularisedOptimum.optimum arms p r beta) r - Tabular.V arms p r
  - ((3285196119391059114617/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C08_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/4)); ((1/8)); ((1/4)); ((1/12)); ((7/24))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 1; 1; 0] 0 in
  let slope := 2 in
  let beta := / slope in
  Rabs ((1 - exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((131350976938882620589/625000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C10 *)
Example C10_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/10)); ((2/5))] 0 in
  let features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/4)); ((7/4))]; [2; ((3/2))]] []) 0 in
  let held_rates := fun (i : nat) => nth i [((1/10))] 0 in
  let held_features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); (- (7/4))]] []) 0 in
  let pool := arms in
  let dims := seq 0 2 in
  let all_rates := fun x : nat => if Nat.ltb x K then rates x else held_rates (x - K)%nat in
  let all_features := fun x k : nat => if Nat.ltb x K then features x k else held_features (x - K)%nat k in
  let s := fun x : nat => all_rates x * (1 - all_rates x) in
  let g := fun x k : nat => s x * all_features x k in
  let held := seq K (K - 1) in
  let m := Sums.sum_over (fun _ : nat => 1) held in
  let h := fun k : nat => Sums.sum_over (fun y : nat => g y k) held / m in
  Transfer.progress pool dims g h (Transfer.in_proportion pool s) - Transfer.progress pool dims g h (Transfer.uniform pool) = (- (1539/64000)).
Proof. equal_value. Qed.
Example C10_right_1 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/10)); ((2/5))] 0 in
  let features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/4)); ((7/4))]; [2; ((3/2))]] []) 0 in
  let held_rates := fun (i : nat) => nth i [((1/10))] 0 in
  let held_features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); (- (7/4))]] []) 0 in
  let pool := arms in
  let dims := seq 0 2 in
  let all_rates := fun x : nat => if Nat.ltb x K then rates x else held_rates (x - K)%nat in
  let all_features := fun x k : nat => if Nat.ltb x K then features x k else held_features (x - K)%nat k in
  let s := fun x : nat => all_rates x * (1 - all_rates x) in
  let g := fun x k : nat => s x * all_features x k in
  let held := seq K (K - 1) in
  let m := Sums.sum_over (fun _ : nat => 1) held in
  Sums.sum_over (fun x : X => Sums.sum_over (fun y : X => (s x - Transfer.average pool s) * Policy.dot dims (g x) (g y)) held) pool / (Transfer.size pool * m * Transfer.average pool s) = (- (1539/64000)).
Proof. equal_value. Qed.
Example C10_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/5)); ((2/5)); ((1/10))] 0 in
  let features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); (- (2))]; [(- (9/4)); ((7/4))]; [(- (1/2)); (- (3/4))]] []) 0 in
  let held_rates := fun (i : nat) => nth i [((1/2)); ((1/10))] 0 in
  let held_features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); ((3/2))]; [((9/4)); (- (3/4))]] []) 0 in
  let pool := arms in
  let dims := seq 0 2 in
  let all_rates := fun x : nat => if Nat.ltb x K then rates x else held_rates (x - K)%nat in
  let all_features := fun x k : nat => if Nat.ltb x K then features x k else held_features (x - K)%nat k in
  let s := fun x : nat => all_rates x * (1 - all_rates x) in
  let g := fun x k : nat => s x * all_features x k in
  let held := seq K (K - 1) in
  let m := Sums.sum_over (fun _ : nat => 1) held in
  let h := fun k : nat => Sums.sum_over (fun y : nat => g y k) held / m in
  Transfer.progress pool dims g h (Transfer.in_proportion pool s) - Transfer.progress pool dims g h (Transfer.uniform pool) = ((145487/7840000)).
Proof. equal_value. Qed.
Example C10_right_2 :
  let X := nat in
  let K := 3%nat in
  let arms := seq 0 K in
  let rates := fun (i : nat) => nth i [((1/5)); ((2/5)); ((1/10))] 0 in
  let features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); (- (2))]; [(- (9/4)); ((7/4))]; [(- (1/2)); (- (3/4))]] []) 0 in
  let held_rates := fun (i : nat) => nth i [((1/2)); ((1/10))] 0 in
  let held_features := fun (i : nat) (j : nat) => nth j (nth i [[(- (3/2)); ((3/2))]; [((9/4)); (- (3/4))]] []) 0 in
  let pool := arms in
  let dims := seq 0 2 in
  let all_rates := fun x : nat => if Nat.ltb x K then rates x else held_rates (x - K)%nat in
  let all_features := fun x k : nat => if Nat.ltb x K then features x k else held_features (x - K)%nat k in
  let s := fun x : nat => all_rates x * (1 - all_rates x) in
  let g := fun x k : nat => s x * all_features x k in
  let held := seq K (K - 1) in
  let m := Sums.sum_over (fun _ : nat => 1) held in
  Sums.sum_over (fun x : X => Sums.sum_over (fun y : X => (s x - Transfer.average pool s) * Policy.dot dims (g x) (g y)) held) pool / (Transfer.size pool * m * Transfer.average pool s) = ((145487/7840000)).
Proof. equal_value. Qed.

(* C11 *)
Example C11_left_1 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [6; 5] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((2/3)); ((1/3))]; [((2/3)); ((1/3))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[(- (9/4)); ((5/4))]; [((9/4)); (- (1/4))]] []) 0 in
  let visits := 1%nat in
  let blocks := 2%nat in
  let Y := nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  Transfer.blocks prompts acts q pol k m (fun l : list (X * list Y) => (Transfer.batch_update u k m l - Transfer.whole_mean prompts acts q pol u) ^ 2) = ((1996/1089)).
Proof. equal_value. Qed.
Example C11_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [6; 5] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((2/3)); ((1/3))]; [((2/3)); ((1/3))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[(- (9/4)); ((5/4))]; [((9/4)); (- (1/4))]] []) 0 in
  let visits := 1%nat in
  let blocks := 2%nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  (INR k * Transfer.between prompts acts q pol u + Transfer.within prompts acts q pol u) / INR (m * k) = ((1996/1089)).
Proof. equal_value. Qed.
Example C11_left_2 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [8; 4] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((9/11)); ((2/11))]; [((1/6)); ((5/6))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[((3/2)); ((9/4))]; [(- (1)); (- (9/4))]] []) 0 in
  let visits := 2%nat in
  let blocks := 1%nat in
  let Y := nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  Transfer.blocks prompts acts q pol k m (fun l : list (X * list Y) => (Transfer.batch_update u k m l - Transfer.whole_mean prompts acts q pol u) ^ 2) = ((3851731/1254528)).
Proof. equal_value. Qed.
Example C11_right_2 :
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [8; 4] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((9/11)); ((2/11))]; [((1/6)); ((5/6))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[((3/2)); ((9/4))]; [(- (1)); (- (9/4))]] []) 0 in
  let visits := 2%nat in
  let blocks := 1%nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  (INR k * Transfer.between prompts acts q pol u + Transfer.within prompts acts q pol u) / INR (m * k) = ((3851731/1254528)).
Proof. equal_value. Qed.
Example C11_left_3 :
  let X := nat in
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [4; 3] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((2/5)); ((3/5))]; [((1/4)); ((3/4))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[(- (5/4)); 2]; [((1/4)); (- (9/4))]] []) 0 in
  let visits := 2%nat in
  let blocks := 2%nat in
  let Y := nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  Transfer.blocks prompts acts q pol k m (fun l : list (X * list Y) => (Transfer.batch_update u k m l - Transfer.whole_mean prompts acts q pol u) ^ 2) = ((360519/313600)).
Proof. equal_value. Qed.
Example C11_right_3 :
  let K := 2%nat in
  let arms := seq 0 K in
  let weights := fun (i : nat) => nth i [4; 3] 0 in
  let p := fun (i : nat) (j : nat) => nth j (nth i [[((2/5)); ((3/5))]; [((1/4)); ((3/4))]] []) 0 in
  let u := fun (i : nat) (j : nat) => nth j (nth i [[(- (5/4)); 2]; [((1/4)); (- (9/4))]] []) 0 in
  let visits := 2%nat in
  let blocks := 2%nat in
  let prompts := arms in
  let acts := seq 0 2 in
  let q := fun x : nat => weights x / Sums.sum_over weights prompts in
  let pol := p in
  let k := visits in
  let m := blocks in
  (INR k * Transfer.between prompts acts q pol u + Transfer.within prompts acts q pol u) / INR (m * k) = ((360519/313600)).
Proof. equal_value. Qed.

(* C12 *)
Example C12_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((11/4)); ((39/8))] 0 in
  let t := fun (i : nat) => nth i [1; ((11/2))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.in_proportion pool s) / Transfer.progress pool dims g h (Transfer.uniform pool) = ((946/793)).
Proof. equal_value. Qed.
Example C12_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((11/4)); ((39/8))] 0 in
  let t := fun (i : nat) => nth i [1; ((11/2))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Rabs (1 + Transfer.correlation pool s (Transfer.transfer dims g h) * (Transfer.deviation pool s / Transfer.average pool s) * (Transfer.deviation pool (Transfer.transfer dims g h) / Transfer.average pool (Transfer.transfer dims g h))
  - ((946/793))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C12_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((1/4)); ((5/2)); ((27/8))] 0 in
  let t := fun (i : nat) => nth i [((1/8)); ((9/2)); ((55/8))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.in_proportion pool s) / Transfer.progress pool dims g h (Transfer.uniform pool) = ((6621/4508)).
Proof. equal_value. Qed.
Example C12_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((1/4)); ((5/2)); ((27/8))] 0 in
  let t := fun (i : nat) => nth i [((1/8)); ((9/2)); ((55/8))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Rabs (1 + Transfer.correlation pool s (Transfer.transfer dims g h) * (Transfer.deviation pool s / Transfer.average pool s) * (Transfer.deviation pool (Transfer.transfer dims g h) / Transfer.average pool (Transfer.transfer dims g h))
  - ((1468722271517302573203/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C12_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((3/4)); ((9/4)); ((19/8)); ((21/8)); ((27/8))] 0 in
  let t := fun (i : nat) => nth i [((1/4)); ((15/8)); 3; ((43/8)); ((55/8))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.in_proportion pool s) / Transfer.progress pool dims g h (Transfer.uniform pool) = ((15630/12649)).
Proof. equal_value. Qed.
Example C12_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((3/4)); ((9/4)); ((19/8)); ((21/8)); ((27/8))] 0 in
  let t := fun (i : nat) => nth i [((1/4)); ((15/8)); 3; ((43/8)); ((55/8))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Rabs (1 + Transfer.correlation pool s (Transfer.transfer dims g h) * (Transfer.deviation pool s / Transfer.average pool s) * (Transfer.deviation pool (Transfer.transfer dims g h) / Transfer.average pool (Transfer.transfer dims g h))
  - ((247134160803225551427/200000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C13 *)
Example C13_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let weight := ((9/10)) in
  Rabs (Rabs (Shaping.deviation arms p (Shaping.shaped r f weight) - weight * Shaping.deviation arms p r)
  - ((7/160))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C13_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/2)); ((1/2))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); 0] 0 in
  let weight := ((9/10)) in
  Rabs ((1 - weight) * Shaping.deviation arms p f
  - ((7/160))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C13_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/13)); ((2/13)); ((7/13))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((1/7))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); ((5/7)); ((4/7))] 0 in
  let weight := ((1/10)) in
  Rabs (Rabs (Shaping.deviation arms p (Shaping.shaped r f weight) - weight * Shaping.deviation arms p r)
  - ((603566391746239822697/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C13_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/13)); ((2/13)); ((7/13))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); ((5/7)); ((4/7))] 0 in
  let weight := ((1/10)) in
  Rabs ((1 - weight) * Shaping.deviation arms p f
  - ((1213555172816178441117/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C13_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/19)); ((1/19)); ((6/19)); ((1/19)); ((6/19))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((2/7)); ((5/7)); ((2/7)); ((5/7))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7)); 0; ((4/7))] 0 in
  let weight := ((1/5)) in
  Rabs (Rabs (Shaping.deviation arms p (Shaping.shaped r f weight) - weight * Shaping.deviation arms p r)
  - ((1164675844203301384217/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C13_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((5/19)); ((1/19)); ((6/19)); ((1/19)); ((6/19))] 0 in
  let f := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7)); 0; ((4/7))] 0 in
  let weight := ((1/5)) in
  Rabs ((1 - weight) * Shaping.deviation arms p f
  - ((1257090242450431648641/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C15 *)
Example C15_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((1/4)); ((25/8))] 0 in
  let t := fun (i : nat) => nth i [((3/8)); ((21/4))] 0 in
  let part := ((9/10)) in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  let c := Transfer.covariance pool s t / (Transfer.average pool s * Transfer.average pool t) in
  let f := part * (c / (1 + c)) in
  (1 - f) * Transfer.progress pool dims g h (Transfer.in_proportion pool s) = ((4349/1440)).
Proof. equal_value. Qed.
Example C15_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let t := fun (i : nat) => nth i [((3/8)); ((21/4))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.uniform pool) = ((45/16)).
Proof. equal_value. Qed.
Example C15_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((5/4)); ((7/4)); ((9/4))] 0 in
  let t := fun (i : nat) => nth i [((19/8)); ((33/8)); 7] 0 in
  let part := ((3/10)) in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  let c := Transfer.covariance pool s t / (Transfer.average pool s * Transfer.average pool t) in
  let f := part * (c / (1 + c)) in
  (1 - f) * Transfer.progress pool dims g h (Transfer.in_proportion pool s) = ((577/120)).
Proof. equal_value. Qed.
Example C15_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let t := fun (i : nat) => nth i [((19/8)); ((33/8)); 7] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.uniform pool) = ((9/2)).
Proof. equal_value. Qed.
Example C15_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let s := fun (i : nat) => nth i [((1/2)); ((9/8)); ((5/4)); ((23/8)); ((33/8))] 0 in
  let t := fun (i : nat) => nth i [((3/8)); ((11/8)); ((25/8)); ((19/4)); ((61/8))] 0 in
  let part := ((7/10)) in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  let c := Transfer.covariance pool s t / (Transfer.average pool s * Transfer.average pool t) in
  let f := part * (c / (1 + c)) in
  (1 - f) * Transfer.progress pool dims g h (Transfer.in_proportion pool s) = ((62517/15800)).
Proof. equal_value. Qed.
Example C15_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let t := fun (i : nat) => nth i [((3/8)); ((11/8)); ((25/8)); ((19/4)); ((61/8))] 0 in
  let pool := arms in
  let dims := [0%nat] in
  let g := fun x _ : nat => t x in
  let h := fun _ : nat => 1 in
  Transfer.progress pool dims g h (Transfer.uniform pool) = ((69/20)).
Proof. equal_value. Qed.

(* C17 *)
Example C17_left_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/7)); ((3/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let slope := ((4/5)) in
  let beta := / slope in
  Rabs (RegularisedOptimum.divergence arms p (RegularisedOptimum.optimum arms p r beta)
  - ((7366720209455578298119/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C17_right_1 :
  let K := 2%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((4/7)); ((3/7))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let slope := ((4/5)) in
  let beta := / slope in
  Rabs ((/ beta - 1 + exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((6106015447768692035023/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C17_left_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/13)); ((3/13)); ((9/13))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let slope := ((14/5)) in
  let beta := / slope in
  Rabs (RegularisedOptimum.divergence arms p (RegularisedOptimum.optimum arms p r beta)
  - ((1135252014636548073957/2000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C17_right_2 :
  let K := 3%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((1/13)); ((3/13)); ((9/13))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let slope := ((14/5)) in
  let beta := / slope in
  Rabs ((/ beta - 1 + exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((660642625784101052661/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C17_left_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/35)); ((1/7)); ((9/35)); ((1/7)); ((8/35))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0; 1; 1] 0 in
  let slope := ((18/5)) in
  let beta := / slope in
  Rabs (RegularisedOptimum.divergence arms p (RegularisedOptimum.optimum arms p r beta)
  - ((9472262708768961194689/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C17_right_3 :
  let K := 5%nat in
  let arms := seq 0 K in
  let p := fun (i : nat) => nth i [((8/35)); ((1/7)); ((9/35)); ((1/7)); ((8/35))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0; 1; 1] 0 in
  let slope := ((18/5)) in
  let beta := / slope in
  Rabs ((/ beta - 1 + exp (- / beta)) * (Tabular.V arms p r * (1 - Tabular.V arms p r))
  - ((1576394233468375536481/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C18 *)
Example C18_left_1 :
  let level := ((7/10)) in
  let first := ((1/4)) in
  let second := ((3/4)) in
  let rate := ((1/2)) in
  let p := level in
  let a := first in
  let s := second in
  let eta := rate in
  Rabs (a + eta * FixedRate.slope FixedRate.first_feature p a s
  - ((1222824610785663984601/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C18_right_1 :
  let level := ((7/10)) in
  let first := ((1/4)) in
  let second := ((3/4)) in
  let rate := ((1/2)) in
  let p := level in
  let a := first in
  let s := second in
  let eta := rate in
  Rabs (s + eta * FixedRate.slope FixedRate.second_feature p a s
  - ((3488620653702504034143/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C18_left_2 :
  let level := ((1/2)) in
  let first := (- (1/2)) in
  let second := 1 in
  let rate := ((1/5)) in
  let p := level in
  let a := first in
  let s := second in
  let eta := rate in
  Rabs (a + eta * FixedRate.slope FixedRate.first_feature p a s
  - (- (1227003281338055762787/2500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C18_right_2 :
  let level := ((1/2)) in
  let first := (- (1/2)) in
  let second := 1 in
  let rate := ((1/5)) in
  let p := level in
  let a := first in
  let s := second in
  let eta := rate in
  Rabs (s + eta * FixedRate.slope FixedRate.second_feature p a s
  - ((4909946740319025570279/5000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* C19 *)
Example C19_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((6/5)); (- (7/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((7/10)) in
  let steps := 1%nat in
  let eta := step in
  let t := steps in
  Rabs (StepThreshold.odds (Softmax.value K r (FixedRate.free_ascent K r eta th t))
  - ((1473317301241556481977/100000000000000000000))) <= ((7/500000000000000)).
Proof. near_value. Qed.
Example C19_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((6/5)); (- (7/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0] 0 in
  let step := ((7/10)) in
  let steps := 1%nat in
  let eta := step in
  let t := steps in
  Rabs (StepThreshold.odds (Softmax.value K r th) + INR t * eta * Softmax.value K r th ^ 2 / Sums.sum_over r (seq 0 K)
  - ((703514516566915308597/50000000000000000000))) <= ((7/500000000000000)).
Proof. near_value. Qed.
Example C19_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [((4/5)); (- (3/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let step := ((9/10)) in
  let steps := 1%nat in
  let eta := step in
  let t := steps in
  Rabs (StepThreshold.odds (Softmax.value K r (FixedRate.free_ascent K r eta th t))
  - ((8286960129015634053717/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example C19_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [((4/5)); (- (3/5)); ((6/5))] 0 in
  let r := fun (i : nat) => nth i [1; 0; 0] 0 in
  let step := ((9/10)) in
  let steps := 1%nat in
  let eta := step in
  let t := steps in
  Rabs (StepThreshold.odds (Softmax.value K r th) + INR t * eta * Softmax.value K r th ^ 2 / Sums.sum_over r (seq 0 K)
  - ((6952511848733459272737/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* L01 *)
Example L01_left_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (3/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((3/10))]; [(- (2/5))]]; [[((4/5))]; [(- (3/2))]]; [[(- (6/5))]; [((1/2))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [(- (3/8)); (- (7/8)); (- (1/4)); ((1/4))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((225685501182605892643/2000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L01_right_1 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [(- (3/10))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((3/10))]; [(- (2/5))]]; [[((4/5))]; [(- (3/2))]]; [[(- (6/5))]; [((1/2))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [(- (3/8)); (- (7/8)); (- (1/4)); ((1/4))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  Rabs (6 * INR L * gamma * Tokens.two_thirds (sqrt (Tokens.reward_variance K logit stop reward theta L))
  - ((1108218870466794205891/100000000000000000000))) <= ((11/1000000000000000)).
Proof. near_value. Qed.
Example L01_left_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((9/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[(- (6/5))]; [((1/2))]]; [[((3/10))]; [(- (2/5))]]] []) []) 0 in
  let r := fun (i : nat) => nth i [((1/4)); (- (1/4)); (- (3/8)); ((1/8))] 0 in
  let L := 2%nat in
  let dims := [0%nat] in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  let v := Tokens.gradient K logit stop reward theta jacobian L [] in
  Rabs (Tokens.norm dims v
  - ((1259005978963241210181/10000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L01_right_2 :
  let K := 2%nat in
  let theta := fun (i : nat) => nth i [((9/20))] 0 in
  let features := fun (i : nat) (j : nat) (k : nat) => nth k (nth j (nth i [[[((4/5))]; [(- (3/2))]]; [[(- (6/5))]; [((1/2))]]; [[((3/10))]; [(- (2/5))]]] []) []) 0 in
  let gamma := ((17/10)) in
  let r := fun (i : nat) => nth i [((1/4)); (- (1/4)); (- (3/8)); ((1/8))] 0 in
  let L := 2%nat in
  let place := fun c : list nat => (match c with [] => 0 | y :: _ => S y end)%nat in
  let jacobian := fun (c : list nat) (y k : nat) => features (place c) y k in
  let logit := fun (c : list nat) (th : nat -> R) (y : nat) => jacobian c y 0%nat * th 0%nat in
  let stop := fun c : list nat => false in
  let reward := fun h : list nat => r (match h with [y; x] => 2 * x + y | _ => 0 end)%nat in
  Rabs (6 * INR L * gamma * Tokens.two_thirds (sqrt (Tokens.reward_variance K logit stop reward theta L))
  - ((7850315627981821848683/1000000000000000000000))) <= ((7/1000000000000000)).
Proof. near_value. Qed.

(* L02 *)
Example L02_right_1 :
  let D := nat in
  let start := ((2/5)) in
  let way := ((3/10)) in
  let scale := ((3/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let beta := 0 in
  let L := 1 in
  let J := sqrt (1 / 2) in
  Rabs (Rmin (1 - exp (- (gamma / 9))) (GradientFlow.penalty_share beta) / (8 * L ^ 2 * J ^ 2) * Rpower (GradientFlow.start_variance prompts acts pol mu reward theta) (- (1 / 3))
  - ((1396856581358965631623/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L02_right_2 :
  let D := nat in
  let start := ((4/5)) in
  let way := ((7/10)) in
  let scale := ((4/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let beta := 0 in
  let L := 1 in
  let J := sqrt (1 / 2) in
  Rabs (Rmin (1 - exp (- (gamma / 9))) (GradientFlow.penalty_share beta) / (8 * L ^ 2 * J ^ 2) * Rpower (GradientFlow.start_variance prompts acts pol mu reward theta) (- (1 / 3))
  - ((128896378927501053099/12500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L02_right_3 :
  let D := nat in
  let start := ((1/5)) in
  let way := ((1/10)) in
  let scale := ((2/5)) in
  let prompts := [0%nat] in
  let acts := seq 0 2 in
  let pol := fun (_ : D -> R) (_ a : nat) => if Nat.eq_dec a 0 then start else 1 - start in
  let mu := fun _ : nat => 1 in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (_ : nat) => 0 in
  let gamma := 2 * way * (1 - start) in
  let beta := 0 in
  let L := 1 in
  let J := sqrt (1 / 2) in
  Rabs (Rmin (1 - exp (- (gamma / 9))) (GradientFlow.penalty_share beta) / (8 * L ^ 2 * J ^ 2) * Rpower (GradientFlow.start_variance prompts acts pol mu reward theta) (- (1 / 3))
  - ((2353980325537030630989/250000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* L03 *)
Example L03_right_1 :
  Rabs (5 / 2
  - ((5/2))) <= ((1/500000000000000)).
Proof. near_value. Qed.
Example L03_right_2 :
  Rabs (5 / 2
  - ((5/2))) <= ((1/500000000000000)).
Proof. near_value. Qed.

(* L04 *)
Example L04_left_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((1/5)); (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  Rabs (Tabular.norm (Derivative.arms K) (Derivative.partial K r th)
  - ((1803329471106021042841/50000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L04_right_1 :
  let K := 2%nat in
  let th := fun (i : nat) => nth i [((1/5)); (- (6/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((5/7))] 0 in
  let best := 0%nat in
  Rabs (Softmax.softmax K th best * (r best - Softmax.value K r th)
  - ((2550292995465235395671/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L04_left_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (8/5)); ((4/5)); (- (8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7))] 0 in
  Rabs (Tabular.norm (Derivative.arms K) (Derivative.partial K r th)
  - ((1364324481723192716837/20000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L04_right_2 :
  let K := 3%nat in
  let th := fun (i : nat) => nth i [(- (8/5)); ((4/5)); (- (8/5))] 0 in
  let r := fun (i : nat) => nth i [((7/8)); ((6/7)); ((1/7))] 0 in
  let best := 0%nat in
  Rabs (Softmax.softmax K th best * (r best - Softmax.value K r th)
  - ((547740675910332866797/100000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* L05 *)
Example L05_left_1 :
  let rate := ((7/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (FirstMoment.h_slope (S (S n)) t
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L05_right_1 :
  let rate := ((7/10)) in
  let group := 2%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (GroupGain.w t n
  - 1) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L05_left_2 :
  let rate := ((1/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (FirstMoment.h_slope (S (S n)) t
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L05_right_2 :
  let rate := ((1/10)) in
  let group := 3%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (GroupGain.w t n
  - ((707106781186547524401/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L05_left_3 :
  let rate := ((4/5)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (FirstMoment.h_slope (S (S n)) t
  - ((1823836717690616991423/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L05_right_3 :
  let rate := ((4/5)) in
  let group := 5%nat in
  let n := (group - 2)%nat in
  let t := rate in
  Rabs (GroupGain.w t n
  - ((1823836717690616991423/1000000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.

(* L06 *)
Example L06_right_1 :
  let start := ((1/10)) in
  let way := ((7/10)) in
  let scale := ((2/5)) in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (i : nat * nat) => ln (if Nat.eq_dec (snd i) 0 then start else 1 - start) in
  let gamma := 2 * way * (1 - start) in
  let K := 2%nat in
  let N := 1%nat in
  let x := 0%nat in
  Rabs (2 * INR N * (1 - exp (- (gamma / 2))) / sqrt (TabularFlow.start_variance K reward theta x)
  - ((1947534162471261710327/500000000000000000000))) <= ((3/1000000000000000)).
Proof. near_value. Qed.
Example L06_right_2 :
  let start := ((7/10)) in
  let way := ((4/5)) in
  let scale := ((3/5)) in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (i : nat * nat) => ln (if Nat.eq_dec (snd i) 0 then start else 1 - start) in
  let gamma := 2 * way * (1 - start) in
  let K := 2%nat in
  let N := 1%nat in
  let x := 0%nat in
  Rabs (2 * INR N * (1 - exp (- (gamma / 2))) / sqrt (TabularFlow.start_variance K reward theta x)
  - ((310410786621318430871/400000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
Example L06_right_3 :
  let start := ((7/10)) in
  let way := ((3/10)) in
  let scale := ((9/10)) in
  let reward := fun _ a : nat => if Nat.eq_dec a 0 then scale else - scale in
  let theta := fun (_ : R) (i : nat * nat) => ln (if Nat.eq_dec (snd i) 0 then start else 1 - start) in
  let gamma := 2 * way * (1 - start) in
  let K := 2%nat in
  let N := 1%nat in
  let x := 0%nat in
  Rabs (2 * INR N * (1 - exp (- (gamma / 2))) / sqrt (TabularFlow.start_variance K reward theta x)
  - ((104343084251250510667/500000000000000000000))) <= ((1/1000000000000000)).
Proof. near_value. Qed.
