(* B04, B23, B24: the Fisher matrix F = E[g g^T] and the share of the reward variance that the scores explain, for any
   finite policy and any number of parameters. w = F^+ grad is the solution of F w = grad in the range of F; it exists. *)
Require Import Reals Lra Psatz List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax ScoreMoments.
From Vas Require Eigenvalues.
Import ListNotations.
Open Scope R_scope.
(* least squares: the residual of f on any finite family of functions can be made orthogonal to every one of them *)
Section LeastSquares.
Context {A D : Type} (acts : list A) (p : A -> R) (Deq : forall x y : D, {x = y} + {x <> y}).
Hypothesis Hp : forall a, In a acts -> 0 <= p a.
Definition inner f h := sum_over (fun a => p a * f a * h a) acts.
Definition fit (dims : list D) (g : A -> D -> R) (w : D -> R) a := sum_over (fun k => w k * g a k) dims.
Lemma inner_linear f h e c : inner (fun a => f a - c * h a) e = inner f e - c * inner h e.
Proof. unfold inner. rewrite (sum_comb [(1, fun a => p a * f a * e a); (- c, fun a => p a * h a * e a)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. Qed.
Lemma inner_fit dims g w e : inner e (fit dims g w) = sum_over (fun k => w k * inner e (fun a => g a k)) dims.
Proof.
  unfold inner, fit. rewrite (sum_ext _ (fun a => sum_over (fun k => p a * e a * (w k * g a k)) dims)) by (intros; rewrite sum_scal; reflexivity).
  rewrite sum_swap. apply sum_ext. intros k _. rewrite <- sum_scal. apply sum_ext. intros. ring.
Qed.
Lemma inner_null h e : inner h h = 0 -> inner e h = 0.
Proof.
  intros H0. assert (C := cauchy_schwarz p e h acts Hp). cbv beta in C.
  rewrite (sum_ext (fun a => p a * h a ^2) (fun a => p a * h a * h a)) in C by (intros; ring). fold (inner h h) in C. rewrite H0, Rmult_0_r in C.
  fold (inner e h) in C. assert (S := pow2_ge_0 (inner e h)). assert (Z : (inner e h)^2 = 0) by lra. apply Rsqr_0_uniq. rewrite Rsqr_pow2. exact Z.
Qed.
Lemma least_squares (g : A -> D -> R) dims : NoDup dims -> forall f, exists w, forall k, In k dims -> inner (fun a => f a - fit dims g w a) (fun a => g a k) = 0.
Proof.
  induction dims as [|k0 ks IH]; intros Hd f; [exists (fun _ => 0); intros k [] |]. inversion Hd as [|? ? Hnot Hks]; subst.
  destruct (IH Hks (fun a => g a k0)) as [w0 Hw0]. destruct (IH Hks f) as [w1 Hw1].
  set (h := fun a => g a k0 - fit ks g w0 a). set (e := fun a => f a - fit ks g w1 a).
  assert (Res : forall c, exists w, forall a, f a - fit (k0 :: ks) g w a = e a - c * h a).
  { intros c. exists (fun k => if Deq k k0 then c else w1 k - c * w0 k). intros a. unfold e, h, fit. cbn [sum_over]. destruct (Deq k0 k0) as [_ | n]; [| tauto].
    rewrite (sum_ext (fun k => (if Deq k k0 then c else w1 k - c * w0 k) * g a k) (fun k => (w1 k - c * w0 k) * g a k)) by (intros k Hk; destruct (Deq k k0); [subst; tauto | reflexivity]).
    rewrite (sum_comb [(1, fun k => w1 k * g a k); (- c, fun k => w0 k * g a k)] (fun k => (w1 k - c * w0 k) * g a k)) by (intros; cbn [comb]; ring). cbn [comb_sum]. ring. }
  assert (Rk : forall c k, In k ks -> inner (fun a => e a - c * h a) (fun a => g a k) = 0).
  { intros c k Hk. rewrite inner_linear. unfold e, h. rewrite (Hw1 k Hk), (Hw0 k Hk). ring. }
  assert (R0 : forall c, inner (fun a => e a - c * h a) (fun a => g a k0) = inner e h - c * inner h h).
  { intros c. assert (Split : inner (fun a => e a - c * h a) (fun a => g a k0) = inner (fun a => e a - c * h a) h + inner (fun a => e a - c * h a) (fit ks g w0)).
    { unfold inner. rewrite <- sum_plus. apply sum_ext. intros a _. unfold h. ring. }
    rewrite Split, inner_fit. rewrite (sum_ext _ (fun _ => 0)) by (intros k Hk; rewrite (Rk c k Hk); ring). rewrite sum_zero, inner_linear. ring. }
  destruct (Req_dec (inner h h) 0) as [z | n].
  - destruct (Res 0) as [w Hw]. exists w. intros k Hk. unfold inner. rewrite (sum_ext _ (fun a => p a * (e a - 0 * h a) * g a k)) by (intros; rewrite Hw; reflexivity).
    fold (inner (fun a => e a - 0 * h a) (fun a => g a k)). destruct Hk as [<- | Hk]; [rewrite R0, z, (inner_null h e z); ring | apply Rk; assumption].
  - destruct (Res (inner e h / inner h h)) as [w Hw]. exists w. intros k Hk. unfold inner. rewrite (sum_ext _ (fun a => p a * (e a - inner e h / inner h h * h a) * g a k)) by (intros; rewrite Hw; reflexivity).
    fold (inner (fun a => e a - inner e h / inner h h * h a) (fun a => g a k)). destruct Hk as [<- | Hk]; [rewrite R0; field; assumption | apply Rk; assumption].
Qed.
End LeastSquares.
Section Explained.
Context {A D : Type} (acts : list A) (dims : list D) (p r : A -> R) (g : A -> D -> R) (Deq : forall x y : D, {x = y} + {x <> y}).
Hypothesis Hp : forall a, In a acts -> 0 <= p a.
Hypothesis H1 : sum_over p acts = 1.
Hypothesis Hdims : NoDup dims.
Notation E := (E acts p). Notation grad := (grad acts p r g). Notation grad2 := (grad2 acts dims p r g). Notation Var := (Var acts p r).
Hypothesis Eg : forall k, In k dims -> E (fun a => g a k) = 0. (* the support does not move *)
Definition fisher k l := E (fun a => g a k * g a l). (* F = E[g g^T] *)
Definition apply_fisher w k := sum_over (fun l => fisher k l * w l) dims. (* F w *)
Definition dot (v w : D -> R) := sum_over (fun k => v k * w k) dims.
Definition projected w a := sum_over (fun k => w k * g a k) dims. (* w . g *)
Definition natural_gradient w := (exists z, forall k, In k dims -> w k = apply_fisher z k) /\ forall k, In k dims -> apply_fisher w k = grad k. (* w = F^+ grad *)
Definition variance_of f := E (fun a => (f a - E f)^2).
Definition explained_share w := variance_of (projected w) / Var. (* R^2 at w = F^+ grad *)
Lemma apply_fisher_eq w k : apply_fisher w k = E (fun a => g a k * projected w a).
Proof.
  unfold apply_fisher, fisher, projected, ScoreMoments.E.
  rewrite (sum_ext _ (fun l => sum_over (fun a => p a * (g a k * g a l) * w l) acts)).
  - rewrite sum_swap. apply sum_ext. intros a _. rewrite (sum_comb [(p a * g a k, fun l => w l * g a l)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
  - intros l _. rewrite Rmult_comm, <- sum_scal. apply sum_ext. intros. ring.
Qed.
Lemma form v w : dot v (apply_fisher w) = E (fun a => projected v a * projected w a).
Proof.
  unfold dot. rewrite (sum_ext _ (fun k => sum_over (fun a => p a * projected w a * (v k * g a k)) acts)).
  - rewrite sum_swap. unfold ScoreMoments.E. apply sum_ext. intros a _. rewrite sum_scal. fold (projected v a). ring.
  - intros k _. rewrite apply_fisher_eq. unfold ScoreMoments.E. rewrite <- sum_scal. apply sum_ext. intros. ring.
Qed.
Lemma dot_sym v w : dot v w = dot w v.
Proof. apply sum_ext. intros. ring. Qed.
Lemma projected_mean w : E (projected w) = 0.
Proof.
  unfold ScoreMoments.E, projected. rewrite (sum_ext _ (fun a => sum_over (fun k => w k * (p a * g a k)) dims)) by (intros; rewrite <- sum_scal; apply sum_ext; intros; ring).
  rewrite sum_swap. rewrite <- (sum_zero dims). apply sum_ext. intros k Hk. rewrite sum_scal. assert (Z := Eg k Hk). unfold ScoreMoments.E in Z. rewrite Z. ring.
Qed.
(* w^T F w = Var(w . g) *)
Lemma variance_form w : dot w (apply_fisher w) = variance_of (projected w).
Proof. rewrite form. unfold variance_of. rewrite projected_mean. unfold ScoreMoments.E. apply sum_ext. intros. ring. Qed.
Lemma E_sym u n : E (fun a => projected n a * projected u a) = E (fun a => projected u a * projected n a).
Proof. unfold ScoreMoments.E. apply sum_ext. intros. ring. Qed.
Lemma variance_nonneg w : 0 <= dot w (apply_fisher w).
Proof. rewrite form. apply sum_nonneg. intros. apply Rmult_le_pos; [auto | apply Rle_0_sqr]. Qed.
Lemma natural_gradient_exists : exists w, natural_gradient w.
Proof.
  destruct (least_squares acts p Deq Hp g dims Hdims r) as [v Hv].
  assert (Ev : forall k, In k dims -> apply_fisher v k = grad k).
  { intros k Hk. assert (Q := Hv k Hk). unfold inner, fit in Q. rewrite apply_fisher_eq. unfold ScoreMoments.grad, ScoreMoments.E.
    rewrite (sum_comb [(1, fun a => p a * (g a k * r a)); (-1, fun a => p a * (g a k * projected v a))]) in Q by (intros; unfold projected; cbn [comb]; ring). cbn [comb_sum] in Q. lra. }
  destruct (least_squares dims (fun _ => 1) Deq (fun _ _ => Rle_0_1) (fun j k => fisher k j) dims Hdims v) as [z Hz].
  assert (Fsym : forall k l, fisher k l = fisher l k) by (intros; unfold fisher, ScoreMoments.E; apply sum_ext; intros; ring).
  exists (apply_fisher z). split; [exists z; reflexivity |]. intros k Hk. rewrite <- (Ev k Hk). assert (Q := Hz k Hk). unfold inner, fit in Q.
  unfold apply_fisher at 1 3. 
  rewrite (sum_comb [(1, fun j => fisher k j * v j); (-1, fun j => fisher k j * apply_fisher z j)]) in Q.
  - cbn [comb_sum] in Q. lra.
  - intros j _. cbn [comb]. unfold apply_fisher. rewrite (sum_ext (fun l => fisher j l * z l) (fun l => z l * fisher l j)) by (intros; rewrite (Fsym j); ring). ring.
Qed.
Variable w : D -> R.
Hypothesis Hw : natural_gradient w.
Lemma grad_dot v : dot v grad = dot v (apply_fisher w).
Proof. apply sum_ext. intros k Hk. destruct Hw as [_ E2]. rewrite E2 by assumption. reflexivity. Qed.
(* B24: grad^T F^+ grad = R^2 Var *)
Theorem natural_gradient_explains : Var <> 0 -> dot grad w = explained_share w * Var.
Proof. intros V0. rewrite dot_sym, grad_dot, variance_form. unfold explained_share. field. assumption. Qed.
Lemma grad2_form : grad2 = dot grad (apply_fisher w).
Proof. rewrite <- grad_dot. apply sum_ext. intros. ring. Qed.
Lemma gradient_at_most_quotient L : Var <> 0 -> (forall v, dot v (apply_fisher v) <= L * dot v v) -> grad2 <= L * (explained_share w * Var).
Proof.
  intros V0 HL. rewrite <- natural_gradient_explains, dot_sym, grad_dot, form by assumption.
  assert (C := cauchy_schwarz p (projected grad) (projected w) acts Hp). cbv beta in C.
  assert (N : grad2 = E (fun a => projected grad a * projected w a)) by (rewrite grad2_form; apply form).
  assert (Q := HL grad). rewrite form in Q. replace (dot grad grad) with grad2 in Q by (apply sum_ext; intros; ring).
  rewrite (sum_ext (fun a => p a * projected grad a * projected w a) (fun a => p a * (projected grad a * projected w a))) in C by (intros; ring).
  fold (E (fun a => projected grad a * projected w a)) in C. rewrite <- N in C.
  set (x := E (fun a => projected grad a * projected grad a)) in *. set (y := E (fun a => projected w a * projected w a)).
  rewrite (sum_ext (fun a => p a * projected grad a ^2) (fun a => p a * (projected grad a * projected grad a))) in C by (intros; ring).
  rewrite (sum_ext (fun a => p a * projected w a ^2) (fun a => p a * (projected w a * projected w a))) in C by (intros; ring).
  change (grad2 ^2 <= x * y) in C. assert (Y0 : 0 <= y) by (unfold y; rewrite <- form; apply variance_nonneg).
  assert (X0 : 0 <= x) by (unfold x; rewrite <- form; apply variance_nonneg). assert (G0 : 0 <= grad2) by (apply sum_nonneg; intros; apply pow2_ge_0).
  destruct (Req_dec grad2 0) as [e | n].
  - rewrite e in *. destruct (Rle_lt_dec 0 L); [apply Rmult_le_pos; assumption |]. (* a negative bound: every form is zero *)
    assert (W := HL w). rewrite form in W. fold y in W. assert (0 <= dot w w) by (apply sum_nonneg; intros; apply Rle_0_sqr). assert (y = 0) by nra. rewrite H0. lra.
  - clearbody x y. assert (Gp : 0 < grad2) by lra. apply Rmult_le_reg_l with grad2; [assumption |].
    apply Rle_trans with (x * y); [lra |]. replace (grad2 * (L * y)) with (L * grad2 * y) by ring. apply Rmult_le_compat_r; assumption.
Qed.
Lemma gradient_at_least_quotient l : Var <> 0 -> (forall z, let v := apply_fisher z in l * dot v v <= dot v (apply_fisher v)) -> l * (explained_share w * Var) <= grad2.
Proof.
  intros V0 Hl. rewrite <- natural_gradient_explains, dot_sym, grad_dot by assumption. set (y := dot w (apply_fisher w)).
  assert (Y0 : 0 <= y) by apply variance_nonneg. assert (G0 : 0 <= grad2) by (apply sum_nonneg; intros; apply pow2_ge_0).
  destruct (Rle_lt_dec l 0) as [ln | lp]; [nra |].
  destruct Hw as [[z Ez] _].
  assert (Q : l * dot w w <= y).
  { assert (B := Hl z). cbv zeta in B. replace (dot (apply_fisher z) (apply_fisher z)) with (dot w w) in B by (apply sum_ext; intros k Hk; rewrite (Ez k Hk); reflexivity).
    replace (dot (apply_fisher z) (apply_fisher (apply_fisher z))) with y in B; [exact B |]. apply sum_ext. intros k Hk. rewrite (Ez k Hk). f_equal.
    unfold apply_fisher at 1 3. apply sum_ext. intros j Hj. rewrite (Ez j Hj). reflexivity. }
  assert (C := cauchy_schwarz (fun _ => 1) w grad dims (fun _ _ => Rle_0_1)). cbv beta in C.
  rewrite (sum_ext (fun a => 1 * w a * grad a) (fun k => w k * grad k)) in C by (intros; ring). fold (dot w grad) in C. rewrite grad_dot in C. fold y in C.
  rewrite (sum_ext (fun a => 1 * w a ^2) (fun k => w k * w k)) in C by (intros; ring). fold (dot w w) in C.
  rewrite (sum_ext (fun a => 1 * grad a ^2) (fun k => grad k ^2)) in C by (intros; ring). fold grad2 in C.
  destruct (Req_dec y 0) as [e | n]; [rewrite e, Rmult_0_r; assumption |]. assert (yp : 0 < y) by lra.
  apply Rmult_le_reg_r with y; [assumption |]. apply Rle_trans with (l * (dot w w * grad2)).
  - replace (l * y * y) with (l * y ^2) by ring. apply Rmult_le_compat_l; lra.
  - replace (l * (dot w w * grad2)) with (grad2 * (l * dot w w)) by ring. apply Rmult_le_compat_l; assumption.
Qed.
(* eigenvalues of F *)
Notation eigenvector := (Eigenvalues.eigenvector dims). Notation nonzero := (Eigenvalues.nonzero dims).
Definition largest_eigenvalue L := (exists v, eigenvector fisher L v) /\ forall L' v, eigenvector fisher L' v -> L' <= L.
Definition smallest_nonzero_eigenvalue l := (l <> 0 /\ exists v, eigenvector fisher l v) /\ forall l' v, l' <> 0 -> eigenvector fisher l' v -> l <= l'.
Lemma fisher_symmetric k l : fisher k l = fisher l k.
Proof. unfold fisher, ScoreMoments.E. apply sum_ext. intros. ring. Qed.
(* B23 *)
Theorem gradient_at_most_largest_eigenvalue L : Var <> 0 -> largest_eigenvalue L -> grad2 <= L * (explained_share w * Var).
Proof.
  intros V0 [(v0 & n0 & _) HL]. apply gradient_at_most_quotient; [assumption |].
  destruct (Eigenvalues.least_quotient_is_eigenvalue dims Deq (fun i j => - fisher i j)) with (N := fun _ : D -> R => False) as (l & c & _ & [nc Ec] & Hl).
  - intros i j _ _. rewrite fisher_symmetric. reflexivity.
  - exists v0. split; [intros z [] | assumption].
  - intros v _ z [].
  - assert (Neg : forall v k, Eigenvalues.times dims (fun i j => - fisher i j) v k = - apply_fisher v k).
    { intros v k. unfold Eigenvalues.times, apply_fisher. rewrite (sum_comb [(-1, fun j => fisher k j * v j)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. }
    assert (B : - l <= L). { apply (HL (- l) c). split; [assumption |]. intros k Hk. assert (Q := Ec k Hk). rewrite Neg in Q. change (Eigenvalues.times dims fisher c k) with (apply_fisher c k). lra. }
    intros v. assert (Q := Hl v ltac:(intros z [])). unfold Eigenvalues.inner in Q at 2. rewrite (sum_ext _ (fun k => - (1) * (v k * apply_fisher v k))) in Q by (intros; rewrite Neg; ring).
    rewrite sum_scal in Q. fold (dot v (apply_fisher v)) in Q. change (Eigenvalues.inner dims v v) with (dot v v) in Q.
    assert (D0 : 0 <= dot v v) by (apply sum_nonneg; intros; apply Rle_0_sqr). assert (- l * dot v v <= L * dot v v) by (apply Rmult_le_compat_r; assumption). lra.
Qed.
(* B04 *)
Theorem gradient_at_least_smallest_eigenvalue l : Var <> 0 -> smallest_nonzero_eigenvalue l -> grad2 >= l * (explained_share w * Var).
Proof.
  intros V0 [_ Hl]. apply Rle_ge. apply gradient_at_least_quotient; [assumption |]. intros z v.
  set (null := fun u : D -> R => forall k, In k dims -> apply_fisher u k = 0).
  assert (Kept : forall u, Eigenvalues.orthogonal dims null (apply_fisher u)).
  { intros u n Hn. change (dot n (apply_fisher u) = 0). rewrite form. rewrite (E_sym u n). rewrite <- form. unfold dot. rewrite <- (sum_zero dims). apply sum_ext. intros k Hk. rewrite (Hn k Hk). ring. }
  destruct (Classical_Prop.classic (nonzero v)) as [nv | zv].
  - destruct (Eigenvalues.least_quotient_is_eigenvalue dims Deq fisher) with (N := null) as (m & c & Oc & Ec & Hm).
    + intros i j _ _. apply fisher_symmetric.
    + exists v. split; [apply Kept | assumption].
    + intros u _. apply Kept.
    + assert (m0 : m <> 0).
      { intros z0. assert (Nc : null c).
        { intros k Hk. destruct Ec as [_ Ec]. assert (Q := Ec k Hk). change (apply_fisher c k = m * c k) in Q. rewrite Q, z0. ring. }
        assert (Z := Oc c Nc). assert (P := Eigenvalues.inner_positive dims c (proj1 Ec)). lra. }
      assert (Q := Hm v (Kept z)). change (m * dot v v <= dot v (apply_fisher v)) in Q. assert (D0 : 0 <= dot v v) by (apply sum_nonneg; intros; apply Rle_0_sqr).
      eapply Rle_trans; [| exact Q]. apply Rmult_le_compat_r; [assumption | apply (Hl m c); assumption].
  - assert (Z : dot v v = 0).
    { unfold dot. rewrite <- (sum_zero dims). apply sum_ext. intros k Hk. destruct (Req_dec (v k) 0) as [-> | n]; [ring | exfalso; apply zv; exists k; split; assumption]. }
    rewrite Z, Rmult_0_r. apply variance_nonneg.
Qed.
End Explained.
(* grad is the derivative of the objective for every differentiable policy with d p(a)/d theta_k = p(a) g_k(a), and E g = 0 *)
Theorem score_gradient {A : Type} (acts : list A) (P : A -> R -> R) (r g : A -> R) x :
  (forall a, In a acts -> is_derive (P a) x (P a x * g a)) -> is_derive (fun t => sum_over (fun a => P a t * r a) acts) x (sum_over (fun a => P a x * (g a * r a)) acts).
Proof.
  intros H. apply (sum_derive (fun a t => P a t * r a)). intros a Ha.
  apply (is_derive_ext (fun t => scal (r a) (P a t))); [intros; apply Rmult_comm |]. evar_last; [apply (is_derive_scal (P a)); apply H; assumption | unfold scal; cbn; unfold mult; cbn; ring].
Qed.
Theorem score_mean_zero {A : Type} (acts : list A) (P : A -> R -> R) (g : A -> R) x :
  (forall a, In a acts -> is_derive (P a) x (P a x * g a)) -> (forall t, sum_over (fun a => P a t) acts = 1) -> sum_over (fun a => P a x * g a) acts = 0.
Proof.
  intros H S1. assert (D := score_gradient acts P (fun _ => 1) g x H).
  rewrite (sum_ext (fun a => P a x * g a) (fun a => P a x * (g a * 1))) by (intros; ring). rewrite <- (is_derive_unique _ _ _ D).
  rewrite (Derive_ext _ (fun _ => 1)); [apply Derive_const |]. intros t. transitivity (sum_over (fun a => P a t) acts); [apply sum_ext; intros; ring | apply S1].
Qed.
