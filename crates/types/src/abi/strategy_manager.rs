//! EigenLayer's StrategyManager: who holds how many deposit shares of which strategy.
//! Members as in the pinned release (v1.12.0); the last of each kind came with v1.13.0 (ELIP-016).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IStrategyManager {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }

        event BurnOrRedistributableSharesDecreased(
            OperatorSet operatorSet,
            uint256 slashId,
            address strategy,
            uint256 shares
        );
        event BurnOrRedistributableSharesIncreased(
            OperatorSet operatorSet,
            uint256 slashId,
            address strategy,
            uint256 shares
        );
        event BurnableSharesDecreased(address strategy, uint256 shares);
        event Deposit(address staker, address strategy, uint256 shares);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event StrategyAddedToDepositWhitelist(address strategy);
        event StrategyRemovedFromDepositWhitelist(address strategy);
        event StrategyWhitelisterChanged(address previousAddress, address newAddress);
        event Unpaused(address indexed account, uint256 newPausedStatus);
        event SlashResolutionBlockSet(OperatorSet operatorSet, uint256 slashId, uint32 resolutionBlock);

        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error InvalidShortString();
        error InvalidSignature();
        error MaxStrategiesExceeded();
        error OnlyDelegationManager();
        error OnlyPauser();
        error OnlyStrategyWhitelister();
        error OnlyUnpauser();
        error SharesAmountTooHigh();
        error SharesAmountZero();
        error SignatureExpired();
        error StakerAddressZero();
        error StrategyAlreadyInSlash();
        error StrategyNotFound();
        error StrategyNotWhitelisted();
        error StringTooLong(string str);
        error SlashResolutionDelayNotElapsed();

        function DEFAULT_BURN_ADDRESS() external view returns (address);
        function DEPOSIT_TYPEHASH() external view returns (bytes32);
        function addShares(
            address staker,
            address strategy,
            uint256 shares
        ) external returns (uint256, uint256);
        function addStrategiesToDepositWhitelist(address[] calldata strategiesToWhitelist) external;
        function allocationManager() external view returns (address);
        function burnShares(address strategy) external;
        function calculateStrategyDepositDigestHash(
            address staker,
            address strategy,
            address token,
            uint256 amount,
            uint256 nonce,
            uint256 expiry
        ) external view returns (bytes32);
        function clearBurnOrRedistributableShares(
            OperatorSet calldata operatorSet,
            uint256 slashId
        ) external returns (uint256[] memory);
        function clearBurnOrRedistributableSharesByStrategy(
            OperatorSet calldata operatorSet,
            uint256 slashId,
            address strategy
        ) external returns (uint256);
        function delegation() external view returns (address);
        function depositIntoStrategy(
            address strategy,
            address token,
            uint256 amount
        ) external returns (uint256 depositShares);
        function depositIntoStrategyWithSignature(
            address strategy,
            address token,
            uint256 amount,
            address staker,
            uint256 expiry,
            bytes calldata signature
        ) external returns (uint256 depositShares);
        function domainSeparator() external view returns (bytes32);
        function getBurnOrRedistributableCount(
            OperatorSet calldata operatorSet,
            uint256 slashId
        ) external view returns (uint256);
        function getBurnOrRedistributableShares(
            OperatorSet calldata operatorSet,
            uint256 slashId
        ) external view returns (address[] memory, uint256[] memory);
        function getBurnOrRedistributableShares(
            OperatorSet calldata operatorSet,
            uint256 slashId,
            address strategy
        ) external view returns (uint256);
        function getBurnableShares(address strategy) external view returns (uint256);
        function getDeposits(address staker) external view returns (address[] memory, uint256[] memory);
        function getPendingOperatorSets() external view returns (OperatorSet[] memory);
        function getPendingSlashIds(
            OperatorSet calldata operatorSet
        ) external view returns (uint256[] memory);
        function getStakerStrategyList(address staker) external view returns (address[] memory);
        function getStrategiesWithBurnableShares(

        ) external view returns (address[] memory, uint256[] memory);
        function increaseBurnOrRedistributableShares(
            OperatorSet calldata operatorSet,
            uint256 slashId,
            address strategy,
            uint256 sharesToBurn
        ) external;
        function initialize(
            address initialOwner,
            address initialStrategyWhitelister,
            uint256 initialPausedStatus
        ) external;
        function nonces(address signer) external view returns (uint256 nonce);
        function owner() external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function removeDepositShares(
            address staker,
            address strategy,
            uint256 depositSharesToRemove
        ) external returns (uint256);
        function removeStrategiesFromDepositWhitelist(
            address[] calldata strategiesToRemoveFromWhitelist
        ) external;
        function renounceOwnership() external;
        function setStrategyWhitelister(address newStrategyWhitelister) external;
        function stakerDepositShares(
            address staker,
            address strategy
        ) external view returns (uint256 shares);
        function stakerStrategyList(
            address staker,
            uint256 index
        ) external view returns (address strategies);
        function stakerStrategyListLength(address staker) external view returns (uint256);
        function strategyIsWhitelistedForDeposit(address strategy) external view returns (bool whitelisted);
        function strategyWhitelister() external view returns (address);
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
        function version() external view returns (string memory);
        function withdrawSharesAsTokens(
            address staker,
            address strategy,
            address token,
            uint256 shares
        ) external;
        function SLASH_RESOLUTION_DELAY_BLOCKS() external view returns (uint32);
        function getSlashResolutionBlock(
            OperatorSet calldata operatorSet,
            uint256 slashId
        ) external view returns (uint32);
    }
}
