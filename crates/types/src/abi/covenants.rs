//! Covenants: what an operator promises and what a staker demands.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface ICovenants {
        /// Limits to what services can do to an operator's stake.
        #[derive(Default)]
        struct Terms {
            /// Most services, counted by address, that the operator is registered with or has allocated to.
            uint16 maxServices;
            /// Greatest share of the operator's max magnitude in a strategy that allocations may hold, current and
            /// pending, of all sets; 18 decimals.
            uint64 maxSlashableWad;
            /// Least allocation delay.
            uint32 minAllocationDelayBlocks;
            /// Whether sets may redistribute what they slash.
            bool allowRedistribution;
            /// The only services; ascending, at most 32. Empty for any.
            address[] services;
        }
        /// What of some terms is meant.
        enum Component {
            MaxServices,
            MaxSlashableWad,
            MinAllocationDelayBlocks,
            AllowRedistribution,
            Services
        }
        /// What an operator has promised.
        #[derive(Default)]
        struct Covenant {
            /// Whether there is any promise.
            bool exists;
            /// What holds now.
            Terms inForce;
            /// Looser terms that wait; the same as in force if none do.
            Terms next;
            /// Block from which they hold; 0 if none wait.
            uint32 effectBlock;
        }

        event CovenantSet(address indexed operator, Terms inForce, Terms next, uint32 effectBlock);
        event PolicySet(address indexed staker, Terms terms);

        error CovenantTooLoose();
        error CovenantViolation(Component component);
        error CurrentlyPaused();
        error InvalidMaxSlashableWad();
        error InvalidNewPausedStatus();
        error InvalidOperator();
        error InvalidPermissions();
        error NoCommonService();
        error OnlyPauser();
        error OnlyUnpauser();
        error ServicesMustBeInAscendingOrder();
        error TooManyServices();

        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        function NOTICE_BLOCKS() external view returns (uint32);
        function covenantOf(address operator) external view returns (Covenant memory);
        function implies(address operator, address staker) external view returns (bool);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function policyOf(address staker) external view returns (bool exists, Terms memory terms);
        function setCovenant(address operator, Terms calldata terms) external;
        function setPolicy(address staker, Terms calldata terms) external;
        function unpause(uint256 newPausedStatus) external;
    }
}
