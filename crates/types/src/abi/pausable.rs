//! The verbs that every pausable contract of EigenLayer shares: a bitmap of what is stopped.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IPausable {
        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error OnlyPauser();
        error OnlyUnpauser();

        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function unpause(uint256 newPausedStatus) external;
    }
}
