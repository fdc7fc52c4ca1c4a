(* C13: the deviation of a shaped reward a R + b F, b = 1 - a, is a times the outcome's up to b times the further part's. *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums Tabular.
Import ListNotations.
Open Scope R_scope.
Section Shaping.
Context {A : Type} (arms : list A) (p r f : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Definition shaped weight a := weight * r a + (1 - weight) * f a.
Definition deviation (x : A -> R) := sqrt (Var arms p x).
Theorem shaped_deviation weight : 0 < weight < 1 -> Rabs (deviation (shaped weight) - weight * deviation r) <= (1 - weight) * deviation f.
Proof.
  intros Hw. set (C := sum_over (fun a => p a * (r a - V arms p r) * (f a - V arms p f)) arms).
  assert (X : 0 <= Var arms p r) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  assert (Y : 0 <= Var arms p f) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  assert (CS : C ^2 <= Var arms p r * Var arms p f) by (apply (cauchy_schwarz p); assumption).
  assert (M : V arms p (shaped weight) = weight * V arms p r + (1 - weight) * V arms p f).
  { unfold V, shaped. rewrite (sum_comb [(weight, fun a => p a * r a); (1 - weight, fun a => p a * f a)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. }
  assert (S : Var arms p (shaped weight) = weight ^2 * Var arms p r + (1 - weight)^2 * Var arms p f + 2 * weight * (1 - weight) * C).
  { unfold Var at 1. rewrite M. unfold shaped. rewrite (sum_comb [(weight ^2, fun a => p a * (r a - V arms p r)^2); ((1 - weight)^2, fun a => p a * (f a - V arms p f)^2); (2 * weight * (1 - weight), fun a => p a * (r a - V arms p r) * (f a - V arms p f))]).
    - cbn [comb_sum]. fold (Var arms p r). fold (Var arms p f). fold C. ring. - intros; cbn [comb]; ring. }
  unfold deviation. assert (Ex := sqrt_sqrt _ X). assert (Ey := sqrt_sqrt _ Y). assert (Sx := sqrt_pos (Var arms p r)). assert (Sy := sqrt_pos (Var arms p f)).
  set (x := sqrt (Var arms p r)) in *. set (y := sqrt (Var arms p f)) in *.
  assert (Cb : - (x * y) <= C <= x * y).
  { rewrite <- Ex, <- Ey in CS. assert (0 <= x * y) by (apply Rmult_le_pos; assumption).
    assert (Ab : Rabs C <= x * y).
    { rewrite <- (Rabs_pos_eq (x * y)) by assumption. apply Rsqr_le_abs_0. unfold Rsqr. replace (C * C) with (C ^2) by ring. replace (x * y * (x * y)) with (x * x * (y * y)) by ring. exact CS. }
    assert (A1 := Rle_abs C). assert (A2 := Rle_abs (- C)). rewrite Rabs_Ropp in A2. lra. }
  assert (B : 0 <= weight * (1 - weight)) by (apply Rmult_le_pos; lra).
  assert (Vs : 0 <= Var arms p (shaped weight)) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  rewrite <- Ex, <- Ey in S. assert (Es := sqrt_sqrt _ Vs). assert (Ss := sqrt_pos (Var arms p (shaped weight))). set (s := sqrt (Var arms p (shaped weight))) in *.
  assert (L1 : 0 <= weight * (1 - weight) * (x * y - C)) by (apply Rmult_le_pos; lra). assert (L2 : 0 <= weight * (1 - weight) * (x * y + C)) by (apply Rmult_le_pos; lra).
  assert (Ax : 0 <= weight * x) by (apply Rmult_le_pos; lra). assert (By : 0 <= (1 - weight) * y) by (apply Rmult_le_pos; lra).
  assert (Up : s <= weight * x + (1 - weight) * y) by (apply Rsqr_incr_0; [unfold Rsqr; nra | lra | lra]).
  assert (Lo : weight * x - (1 - weight) * y <= s).
  { destruct (Rle_lt_dec (weight * x - (1 - weight) * y) 0); [lra |]. apply Rsqr_incr_0; [unfold Rsqr; nra | lra | lra]. }
  apply Rabs_le. lra.
Qed.
End Shaping.
