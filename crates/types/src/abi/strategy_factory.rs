//! EigenLayer's StrategyFactory: one strategy a token, for anyone.
//! Members as in the pinned release (v1.12.0), without duration vaults.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IStrategyFactory {
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event StrategySetForToken(address token, address strategy);
        event TokenBlacklisted(address token);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error AlreadyBlacklisted();
        error BlacklistedToken();
        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error OnlyPauser();
        error OnlyUnpauser();
        error StrategyAlreadyExists();

        function blacklistTokens(address[] calldata tokens) external;
        function deployNewStrategy(address token) external returns (address newStrategy);
        function deployedStrategies(address token) external view returns (address);
        function initialize(address _initialOwner, uint256 _initialPausedStatus) external;
        function isBlacklisted(address token) external view returns (bool);
        function owner() external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function removeStrategiesFromWhitelist(address[] calldata strategiesToRemoveFromWhitelist) external;
        function renounceOwnership() external;
        function strategyBeacon() external view returns (address);
        function strategyManager() external view returns (address);
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
        function whitelistStrategies(address[] calldata strategiesToWhitelist) external;
    }
}
