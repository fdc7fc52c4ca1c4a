(* B20: |grad|^2 is at least the second Fisher eigenvalue times Var, for every number of arms. The vector of ones is an
   eigenvector of F = diag p - p p^T of eigenvalue 0, and F is not negative; the second eigenvalue is the least one with an
   eigenvector orthogonal to it. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Eigenvalues.
Import ListNotations.
Open Scope R_scope.
Section Fisher.
Variables (K : nat) (p r : nat -> R).
Notation arms := (seq 0 K).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Notation norm2 := (norm2 arms). Notation fisher := (fisher arms p). Notation mean := (mean arms p).
Notation V := (V arms p r). Notation Var := (Var arms p r). Notation grad := (grad arms p r).
(* the matrix behind the form: F 1 = 0, F r = grad, x^T F y *)
Definition fisher_matrix i j := (if Nat.eq_dec j i then p i else 0) - p i * p j.
Definition second_eigenvalue l :=
  (exists x, sum_over x arms = 0 /\ eigenvector arms fisher_matrix l x) /\ forall l' x, sum_over x arms = 0 -> eigenvector arms fisher_matrix l' x -> l <= l'.
Definition rayleigh_at_least l := forall x, sum_over x arms = 0 -> l * norm2 x <= fisher x. (* l |x|^2 <= x^T F x on the complement of 1 *)
Lemma fisher_apply x i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * x j) arms = p i * (x i - mean x).
Proof.
  intros Hi. rewrite (sum_comb [(1, fun j => if Nat.eq_dec j i then p i * x j else 0); (- p i, fun j => p j * x j)]) by (intros j _; unfold fisher_matrix; cbn [comb]; destruct (Nat.eq_dec j i); ring).
  cbn [comb_sum]. rewrite (sum_one (fun j => p i * x j) i arms) by (try apply seq_NoDup; apply in_seq; lia). fold (mean x). ring.
Qed.
Lemma fisher_form x : sum_over (fun i => x i * sum_over (fun j => fisher_matrix i j * x j) arms) arms = fisher x.
Proof.
  rewrite (sum_ext _ (fun i => p i * x i ^2 - mean x * (p i * x i))).
  - rewrite (sum_comb [(1, fun i => p i * x i ^2); (- mean x, fun i => p i * x i)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. fold (mean x). rewrite fisher_alt by assumption. ring.
  - intros i Hi. apply in_seq in Hi. rewrite fisher_apply by lia. ring.
Qed.
Lemma fisher_null i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * 1) arms = 0.
Proof. intros Hi. rewrite (fisher_apply (fun _ => 1)) by assumption. unfold Tabular.mean. rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring. Qed.
Lemma fisher_reward i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * r j) arms = grad i.
Proof. intros Hi. rewrite fisher_apply by assumption. reflexivity. Qed.
Lemma fisher_nonneg x : 0 <= fisher x.
Proof. apply sum_nonneg. intros. apply Rmult_le_pos; [auto | apply pow2_ge_0]. Qed.
Lemma K_pos : (0 < K)%nat.
Proof. destruct K; [simpl in H1; lra | lia]. Qed.
Lemma fisher_shift x c : fisher (fun a => x a - c) = fisher x.
Proof.
  assert (E : mean (fun a => x a - c) = mean x - c).
  { unfold Tabular.mean. rewrite (sum_comb [(1, fun a => p a * x a); (- c, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. ring. }
  unfold Tabular.fisher. rewrite E. apply sum_ext. intros. ring.
Qed.
Lemma gradient_at_least_rayleigh l : rayleigh_at_least l -> l * Var <= norm2 grad.
Proof.
  intros Hl. assert (W0 := fisher_nonneg r). change (fisher r) with Var in W0.
  assert (N0 : 0 <= norm2 grad) by (apply sum_nonneg; intros; apply pow2_ge_0).
  destruct (Rle_lt_dec l 0) as [ln | lp]; [nra |].
  set (c := sum_over r arms / INR K). set (x := fun a => r a - c). assert (K0 : INR K <> 0) by (apply not_0_INR; assert (P := K_pos); lia).
  assert (ones : sum_over (fun _ : nat => 1) arms = INR K).
  { clear. assert (G : forall n s, sum_over (fun _ : nat => 1) (seq s n) = INR n) by (induction n; intros s; [reflexivity | cbn [seq sum_over]; rewrite IHn, S_INR; ring]). apply G. }
  assert (x0 : sum_over x arms = 0).
  { unfold x. rewrite (sum_comb [(1, r); (- c, fun _ => 1)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite ones. unfold c. field. assumption. }
  assert (Q := Hl x x0). assert (Fx := fisher_shift r c). fold x in Fx. rewrite Fx in Q. change (fisher r) with Var in Q.
  assert (B := Tabular.squared_gradient_at_least_variance_over_shift arms p r H1 c). fold x in B. change (sum_over (fun a => (r a - c)^2) arms) with (norm2 x) in B.
  destruct (Req_dec Var 0) as [v0 | vn]; [rewrite v0, Rmult_0_r; assumption |]. assert (vp : 0 < Var) by lra.
  assert (X0 : 0 <= norm2 x) by (apply sum_nonneg; intros; apply pow2_ge_0).
  apply Rmult_le_reg_r with Var; [assumption |].
  apply Rle_trans with (l * (norm2 grad * norm2 x)); [replace (l * Var * Var) with (l * Var ^2) by ring; apply Rmult_le_compat_l; lra |].
  replace (l * (norm2 grad * norm2 x)) with (norm2 grad * (l * norm2 x)) by ring. apply Rmult_le_compat_l; assumption.
Qed.
Lemma pair_direction i j : (i < K)%nat -> (j < K)%nat -> i <> j -> exists x, sum_over x arms = 0 /\ norm2 x = 2 /\ fisher x <= p i + p j.
Proof.
  intros Hi Hj n. set (x := fun a => (if Nat.eq_dec a i then 1 else 0) + (if Nat.eq_dec a j then -1 else 0)).
  assert (S1 : forall f : nat -> R, sum_over (fun a => f a * x a) arms = f i - f j).
  { intros f. rewrite (sum_comb [(1, fun a => if Nat.eq_dec a i then f a else 0); (-1, fun a => if Nat.eq_dec a j then f a else 0)]) by (intros a _; unfold x; cbn [comb]; destruct (Nat.eq_dec a i), (Nat.eq_dec a j); ring).
    cbn [comb_sum]. rewrite !(sum_one f) by (try apply seq_NoDup; apply in_seq; lia). ring. }
  assert (S2 : forall f : nat -> R, sum_over (fun a => f a * x a ^2) arms = f i + f j).
  { intros f. rewrite (sum_comb [(1, fun a => if Nat.eq_dec a i then f a else 0); (1, fun a => if Nat.eq_dec a j then f a else 0)]).
    - cbn [comb_sum]. rewrite !(sum_one f) by (try apply seq_NoDup; apply in_seq; lia). ring.
    - intros a _. unfold x. cbn [comb]. destruct (Nat.eq_dec a i), (Nat.eq_dec a j); subst; try lia; ring. }
  exists x. repeat split.
  - rewrite (sum_ext x (fun a => 1 * x a)) by (intros; ring). rewrite (S1 (fun _ => 1)). ring.
  - unfold Tabular.norm2. rewrite (sum_ext (fun a => x a ^2) (fun a => 1 * x a ^2)) by (intros; ring). rewrite (S2 (fun _ => 1)). ring.
  - rewrite fisher_alt by assumption. rewrite S2. assert (0 <= (mean x)^2) by apply pow2_ge_0. lra.
Qed.
Lemma ones_orthogonal v : orthogonal arms (fun z => forall k, z k = 1) v <-> sum_over v arms = 0.
Proof.
  split.
  - intros O. rewrite <- (O (fun _ => 1) (fun _ => eq_refl)). unfold inner. apply sum_ext. intros. ring.
  - intros S0 z Hz. unfold inner. rewrite <- S0. apply sum_ext. intros k _. rewrite Hz. ring.
Qed.
Lemma norm2_inner v : norm2 v = inner arms v v.
Proof. apply sum_ext. intros. ring. Qed.
Lemma least_eigenvalue : (exists v, sum_over v arms = 0 /\ nonzero arms v) -> exists l c, sum_over c arms = 0 /\ eigenvector arms fisher_matrix l c /\ rayleigh_at_least l.
Proof.
  intros (v & v0 & nv). destruct (least_quotient_is_eigenvalue arms Nat.eq_dec fisher_matrix) with (N := fun z : nat -> R => forall k, z k = 1) as (l & c & Oc & Ec & Hl).
  - intros i j _ _. unfold fisher_matrix. destruct (Nat.eq_dec j i) as [-> | n]; [destruct (Nat.eq_dec i i); [ring | tauto] |]. destruct (Nat.eq_dec i j); [subst; tauto | ring].
  - exists v. split; [apply ones_orthogonal; assumption | assumption].
  - intros w _. apply ones_orthogonal. unfold times. rewrite (sum_ext _ (fun i => p i * w i - mean w * p i)) by (intros i Hi; apply in_seq in Hi; rewrite fisher_apply by lia; ring).
    rewrite (sum_comb [(1, fun i => p i * w i); (- mean w, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. fold (mean w). ring.
  - exists l, c. split; [apply ones_orthogonal; assumption |]. split; [assumption |]. intros x x0. rewrite norm2_inner, <- fisher_form. apply (Hl x). apply ones_orthogonal. assumption.
Qed.
Lemma eigenvalue_from_quotient l l' x : rayleigh_at_least l -> sum_over x arms = 0 -> eigenvector arms fisher_matrix l' x -> l <= l'.
Proof.
  intros Hl x0 [nx Ex]. assert (B := Hl x x0). rewrite norm2_inner, <- fisher_form in B.
  assert (E : sum_over (fun i => x i * sum_over (fun j => fisher_matrix i j * x j) arms) arms = l' * inner arms x x).
  { unfold inner. rewrite <- sum_scal. apply sum_ext. intros i Hi. assert (Q := Ex i Hi). unfold times in Q. rewrite Q. ring. }
  rewrite E in B. assert (P := inner_positive arms x nx). apply Rmult_le_reg_r with (inner arms x x); assumption.
Qed.
Lemma second_eigenvalue_quotient l : second_eigenvalue l -> rayleigh_at_least l.
Proof.
  intros [(x & x0 & Ex) Hmin]. destruct least_eigenvalue as (m & c & c0 & Ec & Hm); [exists x; split; [assumption | apply Ex] |].
  intros v v0. eapply Rle_trans; [| apply Hm; assumption]. apply Rmult_le_compat_r; [apply sum_nonneg; intros; apply pow2_ge_0 | apply (Hmin m c); assumption].
Qed.
(* the second eigenvalue lies between the smallest and the second smallest probability *)
Lemma second_eigenvalue_range l : second_eigenvalue l ->
  (forall m, (forall a, (a < K)%nat -> m <= p a) -> m <= l) /\ (forall i j, (i < K)%nat -> (j < K)%nat -> i <> j -> l <= Rmax (p i) (p j)).
Proof.
  intros Hsec. assert (Hl := second_eigenvalue_quotient l Hsec).
  assert (Hmax : forall m, rayleigh_at_least m -> m <= l) by (destruct Hsec as [(x & x0 & Ex) _]; intros m Hm; apply (eigenvalue_from_quotient m l x Hm x0 Ex)). split.
  - intros m Hm. destruct (Rle_lt_dec 0 m) as [m0 | mn].
    + apply Hmax. intros x x0. apply fisher_at_least_lower_bound; try assumption. intros a Ha. apply Hm. apply in_seq in Ha. lia.
    + assert (0 <= l); [| lra]. apply Hmax. intros x _. rewrite Rmult_0_l. apply fisher_nonneg.
  - intros i j Hi Hj n. destruct (pair_direction i j Hi Hj n) as (x & x0 & x2 & xf). assert (B := Hl x x0). rewrite x2 in B.
    assert (M1 := Rmax_l (p i) (p j)). assert (M2 := Rmax_r (p i) (p j)). lra.
Qed.
Theorem second_eigenvalue_exists : (2 <= K)%nat -> exists l, second_eigenvalue l.
Proof.
  intros K2. destruct least_eigenvalue as (l & c & c0 & Ec & Hl).
  - exists (fun a => (if Nat.eq_dec a 0 then 1 else 0) + (if Nat.eq_dec a 1 then -1 else 0)). split.
    + rewrite sum_plus, (sum_one (fun _ => 1) 0), (sum_one (fun _ => -1) 1) by (try apply seq_NoDup; apply in_seq; lia). ring.
    + exists 0%nat. split; [apply in_seq; lia |]. simpl. lra.
  - exists l. split; [exists c; split; assumption |]. intros l' x x0 Ex. apply (eigenvalue_from_quotient l l' x Hl x0 Ex).
Qed.
End Fisher.
(* B20, on the derivative of the softmax value *)
Theorem gradient_at_least_second_eigenvalue K r th l : (0 < K)%nat -> second_eigenvalue K (softmax K th) l ->
  sum_over (fun i => partial K r th i ^2) (seq 0 K) >= l * variance K r th
  /\ (forall m, (forall a, (a < K)%nat -> m <= softmax K th a) -> m <= l)
  /\ (forall i j, (i < K)%nat -> (j < K)%nat -> i <> j -> l <= Rmax (softmax K th i) (softmax K th j)).
Proof.
  intros HK Hl. assert (Hp : forall a, In a (seq 0 K) -> 0 <= softmax K th a) by (intros; left; apply softmax_pos; assumption).
  assert (H1 := softmax_sum1 K th HK). split; [apply Rle_ge | apply second_eigenvalue_range; assumption].
  assert (N := norm_eq K r th HK). unfold arms in N. rewrite N. apply gradient_at_least_rayleigh; try assumption. apply second_eigenvalue_quotient; assumption.
Qed.
