//! Share kinds that never convert implicitly (`architecture.md` §5). Conversions are named functions of the
//! protocol; here are only the kinds themselves.

use alloy_primitives::U256;

/// One, as a fixed-point number with 18 decimals.
pub const WAD: u64 = 1_000_000_000_000_000_000;

macro_rules! share_kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub U256);

        impl $name {
            /// None at all.
            pub const ZERO: Self = Self(U256::ZERO);

            /// Whether there are none.
            pub fn is_zero(&self) -> bool {
                self.0.is_zero()
            }

            /// The sum, if it fits.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, if it is not negative.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }
    };
}

share_kind! {
    /// What a staker put in: a claim on a strategy as if no slash had happened since the deposit.
    DepositShares
}
share_kind! {
    /// What a staker could take out now.
    WithdrawableShares
}
share_kind! {
    /// What an operator's stakers have delegated to it, after slashes.
    OperatorShares
}
share_kind! {
    /// What a queued withdrawal holds: withdrawable before any later slash.
    ScaledShares
}
