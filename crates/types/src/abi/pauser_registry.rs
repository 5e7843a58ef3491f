//! EigenLayer's PauserRegistry: who may stop contracts, and who may start them again.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IPauserRegistry {
        event PauserStatusChanged(address pauser, bool canPause);
        event UnpauserChanged(address previousUnpauser, address newUnpauser);

        error InputAddressZero();
        error OnlyUnpauser();

        function isPauser(address pauser) external view returns (bool);
        function setIsPauser(address newPauser, bool canPause) external;
        function setUnpauser(address newUnpauser) external;
        function unpauser() external view returns (address);
    }
}
