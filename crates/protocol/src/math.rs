//! Checked arithmetic that fails as Solidity 0.8 and OpenZeppelin 4.9 do. Rounding is in the name.

use crate::host::{Error, Result, revert_with};
use alloy_primitives::{U256, U512};
use alloy_sol_types::{Panic, PanicKind, SolError};
use types::units::WAD;

/// One, with 18 decimals.
pub const WAD_U256: U256 = U256::from_limbs([WAD, 0, 0, 0]);

/// The `Error` of a Solidity panic.
pub fn panic(kind: PanicKind) -> Error {
    Error::Revert(Panic::from(kind).abi_encode().into())
}

fn overflow() -> Error {
    panic(PanicKind::UnderOverflow)
}

/// `a + b`.
///
/// # Errors
/// `Panic(0x11)`.
pub fn add(a: U256, b: U256) -> Result<U256> {
    a.checked_add(b).ok_or_else(overflow)
}

/// `a - b`.
///
/// # Errors
/// `Panic(0x11)`.
pub fn sub(a: U256, b: U256) -> Result<U256> {
    a.checked_sub(b).ok_or_else(overflow)
}

/// `a * b`.
///
/// # Errors
/// `Panic(0x11)`.
pub fn mul(a: U256, b: U256) -> Result<U256> {
    a.checked_mul(b).ok_or_else(overflow)
}

/// `a / b`, rounded down.
///
/// # Errors
/// `Panic(0x12)`.
pub fn div(a: U256, b: U256) -> Result<U256> {
    a.checked_div(b).ok_or_else(|| panic(PanicKind::DivisionByZero))
}

/// `⌊a · b / d⌋` with a full-width product.
///
/// # Errors
/// OpenZeppelin 4.9's: `Panic(0x12)` for `d = 0` where the product fits, else `Math: mulDiv overflow`.
pub fn mul_div(a: U256, b: U256, d: U256) -> Result<U256> {
    Ok(mul_div_rem(a, b, d)?.0)
}

/// `⌈a · b / d⌉` with a full-width product.
///
/// # Errors
/// As [`mul_div`], and `Panic(0x11)` where only the rounding overflows.
pub fn mul_div_up(a: U256, b: U256, d: U256) -> Result<U256> {
    let (quotient, remains) = mul_div_rem(a, b, d)?;
    if remains { add(quotient, U256::ONE) } else { Ok(quotient) }
}

fn mul_div_rem(a: U256, b: U256, d: U256) -> Result<(U256, bool)> {
    if let Some(product) = a.checked_mul(b) {
        let quotient = div(product, d)?;
        return Ok((quotient, product != quotient.wrapping_mul(d)));
    }
    if d.is_zero() {
        return revert_with("Math: mulDiv overflow");
    }
    let product: U512 = a.widening_mul(b);
    let (quotient, remainder) = product.div_rem(U512::from(d));
    match narrow(quotient) {
        Some(quotient) => Ok((quotient, !remainder.is_zero())),
        None => revert_with("Math: mulDiv overflow"),
    }
}

fn narrow(wide: U512) -> Option<U256> {
    let [a, b, c, d, high @ ..] = *wide.as_limbs();
    high.iter().all(|limb| *limb == 0).then(|| U256::from_limbs([a, b, c, d]))
}

/// `⌊x · y / 10^18⌋`.
///
/// # Errors
/// As [`mul_div`].
pub fn mul_wad(x: U256, y: U256) -> Result<U256> {
    mul_div(x, y, WAD_U256)
}

/// `⌈x · y / 10^18⌉`.
///
/// # Errors
/// As [`mul_div_up`].
pub fn mul_wad_up(x: U256, y: U256) -> Result<U256> {
    mul_div_up(x, y, WAD_U256)
}

/// `⌊x · 10^18 / y⌋`.
///
/// # Errors
/// As [`mul_div`].
pub fn div_wad(x: U256, y: U256) -> Result<U256> {
    mul_div(x, WAD_U256, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mul_div_keeps_the_full_product() {
        let big = U256::MAX - U256::ONE;
        assert_eq!(mul_div(big, big, big), Ok(big));
        assert_eq!(mul_div(U256::from(7), U256::from(3), U256::from(2)), Ok(U256::from(10)));
        assert_eq!(mul_div_up(U256::from(7), U256::from(3), U256::from(2)), Ok(U256::from(11)));
    }

    #[test]
    fn mul_div_fails_as_openzeppelin_does() {
        let string = revert_with::<U256>("Math: mulDiv overflow");
        assert_eq!(mul_div(U256::MAX, U256::from(2), U256::ONE), string);
        assert_eq!(mul_div(U256::MAX, U256::MAX, U256::ZERO), string);
        assert_eq!(mul_div(U256::ONE, U256::ONE, U256::ZERO), Err(panic(PanicKind::DivisionByZero)));
    }
}
