(* The gradient of the tabular softmax objective is p_i (r_i - V), derived for every number of arms K. *)
Require Import Reals Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Definition Z (K : nat) (th : nat -> R) := sum_over (fun j => exp (th j)) (seq 0 K).
Definition softmax K th (i : nat) := exp (th i) / Z K th.
Definition value K (r th : nat -> R) := sum_over (fun j => softmax K th j * r j) (seq 0 K).
Definition upd (th : nat -> R) i t j := if Nat.eq_dec j i then t else th j. (* theta with its i-th entry replaced by t *)
Lemma sum_derive {A : Type} (f : A -> R -> R) f' l x : (forall a, In a l -> is_derive (f a) x (f' a)) ->
  is_derive (fun t => sum_over (fun a => f a t) l) x (sum_over f' l).
Proof.
  induction l as [|a l IH]; simpl; intros H; [apply @is_derive_const |].
  apply (is_derive_plus (f a) (fun t => sum_over (fun a => f a t) l)); auto.
Qed.
Lemma sum_one (c : nat -> R) i l : NoDup l -> In i l -> sum_over (fun j => if Nat.eq_dec j i then c j else 0) l = c i.
Proof.
  induction l as [|a l IH]; simpl; intros Hd Hi; [tauto |]. inversion Hd; subst.
  destruct (Nat.eq_dec a i) as [-> | Hn].
  - rewrite (sum_ext _ (fun _ => 0)); [rewrite sum_zero; ring |]. intros b Hb. destruct (Nat.eq_dec b i); [subst; tauto | reflexivity].
  - rewrite IH; [ring | assumption | destruct Hi; [congruence | assumption]].
Qed.
Lemma Z_pos K th : (0 < K)%nat -> 0 < Z K th.
Proof.
  intros HK. apply Rlt_le_trans with (exp (th 0%nat)); [apply exp_pos |].
  apply (sum_member (fun j => exp (th j))); [apply in_seq; lia | intros; left; apply exp_pos].
Qed.
Lemma softmax_sum1 K th : (0 < K)%nat -> sum_over (softmax K th) (seq 0 K) = 1.
Proof.
  intros HK. assert (Zp := Z_pos K th HK). rewrite (sum_comb [(/ Z K th, fun j => exp (th j))]).
  - simpl. fold (Z K th). field. lra. - intros; unfold softmax, Rdiv; simpl; ring.
Qed.
Lemma softmax_pos K th i : (0 < K)%nat -> 0 < softmax K th i.
Proof. intros HK. apply Rdiv_lt_0_compat; [apply exp_pos | apply Z_pos; assumption]. Qed.
Lemma upd_same th i j : upd th i (th i) j = th j.
Proof. unfold upd. destruct (Nat.eq_dec j i); subst; reflexivity. Qed.
Lemma part_derive K (c th : nat -> R) i : (i < K)%nat ->
  is_derive (fun t => sum_over (fun j => exp (upd th i t j) * c j) (seq 0 K)) (th i) (exp (th i) * c i).
Proof.
  intros Hi. rewrite <- (sum_one (fun j => exp (th j) * c j) i (seq 0 K)); [| apply seq_NoDup | apply in_seq; lia].
  apply (sum_derive (fun j t => exp (upd th i t j) * c j)). intros j _. unfold upd. destruct (Nat.eq_dec j i) as [-> | Hn].
  - auto_derive; [trivial | ring]. - auto_derive; [trivial | ring].
Qed.
Theorem softmax_gradient K r th i : (i < K)%nat ->
  is_derive (fun t => value K r (upd th i t)) (th i) (softmax K th i * (r i - value K r th)).
Proof.
  intros Hi. assert (HK : (0 < K)%nat) by lia. assert (Zp := Z_pos K th HK).
  assert (V_eq : forall th, value K r th = sum_over (fun j => exp (th j) * r j) (seq 0 K) / Z K th).
  { intros h. unfold value. rewrite (sum_comb [(/ Z K h, fun j => exp (h j) * r j)]).
    - simpl. unfold Rdiv. ring. - intros; unfold softmax, Rdiv; simpl; ring. }
  apply (is_derive_ext (fun t => sum_over (fun j => exp (upd th i t j) * r j) (seq 0 K) / sum_over (fun j => exp (upd th i t j) * 1) (seq 0 K))).
  { intros t. rewrite V_eq. unfold Z. f_equal. apply sum_ext. intros; ring. }
  assert (E1 : sum_over (fun j => exp (upd th i (th i) j) * 1) (seq 0 K) = Z K th) by (apply sum_ext; intros; rewrite upd_same; ring).
  assert (E2 : sum_over (fun j => exp (upd th i (th i) j) * r j) (seq 0 K) = sum_over (fun j => exp (th j) * r j) (seq 0 K)) by (apply sum_ext; intros; rewrite upd_same; ring).
  replace (softmax K th i * (r i - value K r th)) with
    ((exp (th i) * r i * sum_over (fun j => exp (upd th i (th i) j) * 1) (seq 0 K) - sum_over (fun j => exp (upd th i (th i) j) * r j) (seq 0 K) * (exp (th i) * 1))
     / (sum_over (fun j => exp (upd th i (th i) j) * 1) (seq 0 K))^2).
  - apply (is_derive_div (fun t => sum_over (fun j => exp (upd th i t j) * r j) (seq 0 K)) (fun t => sum_over (fun j => exp (upd th i t j) * 1) (seq 0 K))); [apply (part_derive K r th i Hi) | apply (part_derive K (fun _ => 1) th i Hi) | rewrite E1; lra].
  - rewrite E1, E2, V_eq. unfold softmax. field. lra.
Qed.
