//! EigenLayer's AllocationManager, as far as delegation needs it: allocation delays and max magnitudes.
//! Members as in the pinned release (v1.12.0); operator sets, allocations and slashing are not declared yet.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IAllocationManager {
        event AllocationDelaySet(address operator, uint32 delay, uint32 effectBlock);
        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidCaller();
        error InvalidNewPausedStatus();
        error InvalidOperator();
        error InvalidPermissions();
        error OnlyPauser();
        error OnlyUnpauser();

        function ALLOCATION_CONFIGURATION_DELAY() external view returns (uint32);
        function DEALLOCATION_DELAY() external view returns (uint32);
        function SLASHER_CONFIGURATION_DELAY() external view returns (uint32);
        function delegation() external view returns (address);
        function getAllocationDelay(address operator) external view returns (bool, uint32);
        function getMaxMagnitude(
            address operator,
            address strategy
        ) external view returns (uint64 maxMagnitude);
        function getMaxMagnitudes(
            address operator,
            address[] calldata strategies
        ) external view returns (uint64[] memory maxMagnitudes);
        function getMaxMagnitudes(
            address[] calldata operators,
            address strategy
        ) external view returns (uint64[] memory maxMagnitudes);
        function getMaxMagnitudesAtBlock(
            address operator,
            address[] calldata strategies,
            uint32 blockNumber
        ) external view returns (uint64[] memory maxMagnitudes);
        function initialize(uint256 initialPausedStatus) external;
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function setAllocationDelay(address operator, uint32 delay) external;
        function unpause(uint256 newPausedStatus) external;
    }
}
