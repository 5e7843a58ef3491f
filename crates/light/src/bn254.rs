//! BLS signatures on BN254 as EigenLayer's services use them: keys in both groups, signatures in the first, checked by
//! one product of two pairings. Coordinates are read as the EVM's precompiles read them (EIP-196, EIP-197).

#![allow(clippy::arithmetic_side_effects, reason = "operators of field and curve elements cannot overflow")]

use alloy_primitives::{B256, U256, keccak256};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, pairing::Pairing};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, PrimeField};

/// A point of the first group as two words; (0, 0) is the point at infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct G1 {
    /// Abscissa.
    pub x: U256,
    /// Ordinate.
    pub y: U256,
}

/// A point of the second group as four words, imaginary parts first; all zeros is the point at infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct G2 {
    /// Abscissa: imaginary part, real part.
    pub x: [U256; 2],
    /// Ordinate: imaginary part, real part.
    pub y: [U256; 2],
}

/// A coordinate is not below the field's order, or the point is not on its curve or not in its group: what makes the
/// EVM's precompiles fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPoint;

/// A signature and all that it is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub digest: B256,
    /// The signature.
    pub signature: G1,
    /// The key in the first group.
    pub key_g1: G1,
    /// The key in the second group.
    pub key_g2: G2,
}

/// `(p + 1) / 4`: the power that takes square roots, least significant limb first.
const ROOT_EXPONENT: [u64; 4] =
    [0x4f08_2305_b61f_3f52, 0x65e0_5aa4_5a1c_72a3, 0x6e14_116d_a060_5617, 0x0c19_139c_b84c_680a];

impl Signed {
    /// Whether the signature is good and both keys have the same secret. `message` is [`hash_to_g1`] of the digest.
    ///
    /// `e(σ + γ·K₁, −g₂) · e(H + γ·g₁, K₂) = 1`, where γ binds the two claims together.
    ///
    /// # Errors
    /// [`NotAPoint`] for any of the three points.
    pub fn is_valid(&self, message: G1) -> Result<bool, NotAPoint> {
        let challenge = self.challenge();
        let (signature, key_g1) = (self.signature.read()?, self.key_g1.read()?);
        let left = add(signature, times(key_g1, challenge));
        let right = add(message.read()?, times(G1Affine::generator(), challenge));
        let minus_g2 = (-G2Affine::generator().into_group()).into_affine();
        let product = Bn254::multi_pairing([left, right], [minus_g2, self.key_g2.read()?]);
        Ok(product.0 == <Bn254 as Pairing>::TargetField::ONE)
    }

    /// γ: the hash of all inputs, modulo the groups' order.
    fn challenge(&self) -> Fr {
        let Self { digest, signature, key_g1, key_g2 } = self;
        let [a, b, c, d] = [key_g2.x[0], key_g2.x[1], key_g2.y[0], key_g2.y[1]];
        let words = [key_g1.x, key_g1.y, a, b, c, d, signature.x, signature.y];
        let packed: Vec<u8> =
            digest.0.into_iter().chain(words.iter().flat_map(|word| word.to_be_bytes::<32>())).collect();
        Fr::from_be_bytes_mod_order(keccak256(packed).as_slice())
    }
}

/// The point that stands for a digest: from `x = digest mod p` upwards, the first abscissa on the curve. `each_try`
/// runs before each one is looked at, half of which are on it; what it fails with ends the search.
///
/// # Errors
/// Those of `each_try`.
pub fn hash_to_g1<E>(digest: B256, mut each_try: impl FnMut() -> Result<(), E>) -> Result<G1, E> {
    let mut x = Fq::from_be_bytes_mod_order(digest.as_slice());
    loop {
        each_try()?;
        let square = add_field(x.square() * x, Fq::from(3_u64));
        let root = square.pow(ROOT_EXPONENT);
        if root.square() == square {
            return Ok(G1 { x: word(x), y: word(root) });
        }
        x = add_field(x, Fq::ONE);
    }
}

/// A secret key.
#[derive(Clone)]
pub struct SecretKey(Fr);

impl SecretKey {
    /// The key of a number, modulo the groups' order.
    pub fn new(secret: U256) -> Self {
        Self(Fr::from_be_bytes_mod_order(&secret.to_be_bytes::<32>()))
    }

    /// The public key in the first group.
    pub fn key_g1(&self) -> G1 {
        G1::write(times(G1Affine::generator(), self.0))
    }

    /// The public key in the second group.
    pub fn key_g2(&self) -> G2 {
        let point = (G2Affine::generator() * self.0).into_affine();
        let both = |value: Fq2| [word(value.c1), word(value.c0)];
        point.xy().map_or_else(G2::default, |(x, y)| G2 { x: both(x), y: both(y) })
    }

    /// The signature over a digest.
    pub fn sign(&self, digest: B256) -> G1 {
        let Ok(point) = hash_to_g1(digest, || Ok::<_, core::convert::Infallible>(()));
        // The point is on the curve, so it reads.
        point.read().map_or_else(|_| G1::default(), |point| G1::write(times(point, self.0)))
    }
}

impl core::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl G1 {
    fn read(&self) -> Result<G1Affine, NotAPoint> {
        let (x, y) = (field(self.x)?, field(self.y)?);
        if x == Fq::ZERO && y == Fq::ZERO {
            return Ok(G1Affine::zero());
        }
        let point = G1Affine::new_unchecked(x, y);
        // Every point of the curve is in the group: its cofactor is one.
        if point.is_on_curve() { Ok(point) } else { Err(NotAPoint) }
    }

    fn write(point: G1Affine) -> Self {
        point.xy().map_or_else(Self::default, |(x, y)| Self { x: word(x), y: word(y) })
    }
}

impl G2 {
    fn read(&self) -> Result<G2Affine, NotAPoint> {
        let both = |[imaginary, real]: [U256; 2]| Ok(Fq2::new(field(real)?, field(imaginary)?));
        let (x, y) = (both(self.x)?, both(self.y)?);
        if x == Fq2::ZERO && y == Fq2::ZERO {
            return Ok(G2Affine::zero());
        }
        let point = G2Affine::new_unchecked(x, y);
        let is_in_group = point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve();
        if is_in_group { Ok(point) } else { Err(NotAPoint) }
    }
}

fn field(word: U256) -> Result<Fq, NotAPoint> {
    Fq::from_bigint(BigInt(*word.as_limbs())).ok_or(NotAPoint)
}

fn word(value: Fq) -> U256 {
    U256::from_be_slice(&value.into_bigint().to_bytes_be())
}

// Arithmetic of the field and the curve cannot overflow.

#[allow(clippy::arithmetic_side_effects, reason = "modular")]
fn add_field(a: Fq, b: Fq) -> Fq {
    a + b
}

#[allow(clippy::arithmetic_side_effects, reason = "a group")]
fn add(a: G1Affine, b: G1Affine) -> G1Affine {
    (a + b).into_affine()
}

#[allow(clippy::arithmetic_side_effects, reason = "a group")]
fn times(point: G1Affine, factor: Fr) -> G1Affine {
    (point * factor).into_affine()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a test: its numbers are known")]
mod tests {
    use super::*;
    use alloy_primitives::{b256, uint};
    use proptest::prelude::*;

    const DIGEST: B256 = b256!("0x1122334455667788990011223344556677889900112233445566778899001122");
    const P: U256 = uint!(21888242871839275222246405745257275088696311157297823662689037894645226208583_U256);

    fn hashed(digest: B256) -> G1 {
        hash_to_g1(digest, || Ok::<_, ()>(())).unwrap()
    }

    fn signed(secret: u64) -> Signed {
        let key = SecretKey::new(U256::from(secret));
        Signed { digest: DIGEST, signature: key.sign(DIGEST), key_g1: key.key_g1(), key_g2: key.key_g2() }
    }

    #[test]
    fn the_exponent_takes_square_roots() {
        assert_eq!(U256::from_limbs(ROOT_EXPONENT), (P + U256::ONE) >> 2);
    }

    #[test]
    fn the_key_of_one_is_the_generator() {
        let key = SecretKey::new(U256::ONE);
        assert_eq!(key.key_g1(), G1 { x: U256::ONE, y: U256::from(2) });
        let expected =
            uint!(10857046999023057135944570762232829481370756359578518086990519993285655852781_U256);
        assert_eq!(key.key_g2().x[1], expected, "the real part comes second");
    }

    #[test]
    fn a_signature_is_good_for_its_digest_and_keys_only() {
        let (good, other) = (signed(69), signed(70));
        let message = hashed(DIGEST);
        assert_eq!(good.is_valid(message), Ok(true));
        let wrong = [
            Signed { signature: other.signature, ..good },
            Signed { signature: G1::default(), ..good },
            Signed { key_g1: other.key_g1, ..good },
            Signed { key_g2: other.key_g2, ..good },
            Signed { key_g1: other.key_g1, key_g2: other.key_g2, ..good },
            Signed { key_g2: G2::default(), ..good },
        ];
        for signed in wrong {
            assert_eq!(signed.is_valid(message), Ok(false), "{signed:?}");
        }
        assert_eq!(good.is_valid(hashed(B256::ZERO)), Ok(false));
    }

    #[test]
    fn what_the_precompiles_refuse_is_no_point() {
        let good = signed(69);
        let message = hashed(DIGEST);
        let off = G1 { x: U256::ONE, y: U256::ONE };
        let beyond = G1 { x: good.key_g1.x + P, y: good.key_g1.y };
        // On the twisted curve, outside the group: found by trying abscissas.
        let stray = G2 { x: [U256::ZERO, U256::ONE], y: [U256::ONE, U256::ONE] };
        let broken = [
            Signed { signature: off, ..good },
            Signed { key_g1: off, ..good },
            Signed { key_g1: beyond, ..good },
            Signed { key_g2: stray, ..good },
        ];
        for signed in broken {
            assert_eq!(signed.is_valid(message), Err(NotAPoint), "{signed:?}");
        }
    }

    #[test]
    fn points_of_the_twist_outside_the_group_are_refused() {
        let mut x = Fq2::new(Fq::ONE, Fq::ONE);
        let stray = loop {
            if let Some(point) = G2Affine::get_point_from_x_unchecked(x, false)
                && !point.is_in_correct_subgroup_assuming_on_curve()
            {
                break point;
            }
            x += Fq2::ONE;
        };
        let both = |value: Fq2| [word(value.c1), word(value.c0)];
        let key_g2 = G2 { x: both(stray.x), y: both(stray.y) };
        assert_eq!(Signed { key_g2, ..signed(69) }.is_valid(hashed(DIGEST)), Err(NotAPoint));
    }

    #[test]
    fn a_search_stops_where_its_payer_stops() {
        let mut tries = 0;
        let stopped = hash_to_g1(DIGEST, || {
            tries += 1;
            Err::<(), _>("no more")
        });
        assert_eq!((stopped, tries), (Err("no more"), 1));
    }

    proptest! {
        #[test]
        fn a_hash_is_the_first_point_at_or_after_the_digest(digest: [u8; 32]) {
            let mut tries = 0_u64;
            let found = hash_to_g1(digest.into(), || { tries += 1; Ok::<_, ()>(()) }).unwrap();
            prop_assert!(found.read().is_ok());
            let start = U256::from_be_bytes(digest) % P;
            prop_assert_eq!(found.x, (start + U256::from(tries - 1)) % P);
        }

        #[test]
        fn every_secret_signs_every_digest(secret: [u8; 32], digest: [u8; 32]) {
            let key = SecretKey::new(U256::from_be_bytes(secret) | U256::ONE);
            let digest = B256::from(digest);
            let (key_g1, key_g2) = (key.key_g1(), key.key_g2());
            let signed = Signed { digest, signature: key.sign(digest), key_g1, key_g2 };
            prop_assert_eq!(signed.is_valid(hashed(digest)), Ok(true));
        }
    }
}
