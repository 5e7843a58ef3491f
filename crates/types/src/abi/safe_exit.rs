//! SafeExit: a way out of operator sets that no registrar can bar, and keys that come back to their operator.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, Default, PartialEq, Eq)]
    #[sol(abi)]
    interface ISafeExit {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }

        event ExitCancelled(address indexed operator, OperatorSet operatorSet);
        event ExitForced(address indexed operator, OperatorSet operatorSet);
        event ExitRequested(address indexed operator, OperatorSet operatorSet, uint32 forceableBlock);
        event KeyReleased(address indexed operator, OperatorSet operatorSet, bytes32 keyHash);
        event RegistrarFailed(address indexed operator, OperatorSet operatorSet, address registrar, bytes reason);

        error CurrentlyPaused();
        error ExitAlreadyRequested();
        error ExitNotRequested();
        error GraceNotElapsed(uint32 forceableBlock);
        error InvalidNewPausedStatus();
        error InvalidPermissions();
        error KeyNotFound(OperatorSet operatorSet, address operator);
        error OperatorSetNotConfigured();
        error KeyNotReleasable(uint32 releasableBlock);
        error NotMemberOfSet();
        error OnlyPauser();
        error OnlyUnpauser();

        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        function GRACE_BLOCKS() external view returns (uint32);
        function REGISTRAR_GAS() external view returns (uint64);
        function cancelExit(address operator, OperatorSet calldata operatorSet) external;
        function exitOf(
            address operator,
            OperatorSet calldata operatorSet
        ) external view returns (bool requested, uint32 forceableBlock);
        function forceExit(address operator, OperatorSet calldata operatorSet) external;
        function isReleased(bytes32 keyHash) external view returns (bool);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function releaseKey(address operator, OperatorSet calldata operatorSet) external;
        function requestExit(address operator, OperatorSet calldata operatorSet) external;
        function unpause(uint256 newPausedStatus) external;
    }
}
