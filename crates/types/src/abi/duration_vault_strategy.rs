//! EigenLayer's DurationVaultStrategy: a strategy that is its own operator and locks for a time.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IDurationVaultStrategy {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// What a duration vault is made from.
        struct VaultConfig {
            /// The token that it holds.
            address underlyingToken;
            /// Who locks it and sets its limits.
            address vaultAdmin;
            /// Who may end the lock early.
            address arbitrator;
            /// Seconds from lock to maturity.
            uint32 duration;
            /// Most tokens of one deposit.
            uint256 maxPerDeposit;
            /// Most tokens in all.
            uint256 stakeCap;
            /// Where the vault describes itself.
            string metadataURI;
            /// The one set that it serves.
            OperatorSet operatorSet;
            /// What the set's registrar is given.
            bytes operatorSetRegistrationData;
            /// Who must sign delegations to it, zero if nobody.
            address delegationApprover;
            /// Where the operator that it is describes itself.
            string operatorMetadataURI;
        }

        event DeallocateAttempted(bool success);
        event DeregisterAttempted(bool success);
        event ExchangeRateEmitted(uint256 rate);
        event MaxPerDepositUpdated(uint256 previousValue, uint256 newValue);
        event MaxTotalDepositsUpdated(uint256 previousValue, uint256 newValue);
        event MetadataURIUpdated(string newMetadataURI);
        event Paused(address indexed account, uint256 newPausedStatus);
        event StrategyTokenSet(address token, uint8 decimals);
        event Unpaused(address indexed account, uint256 newPausedStatus);
        event VaultAdvancedToWithdrawals(address indexed arbitrator, uint32 maturedAt);
        event VaultInitialized(
            address indexed vaultAdmin,
            address indexed arbitrator,
            address indexed underlyingToken,
            uint32 duration,
            uint256 maxPerDeposit,
            uint256 stakeCap,
            string metadataURI
        );
        event VaultLocked(uint32 lockedAt, uint32 unlockAt);
        event VaultMatured(uint32 maturedAt);

        error BalanceExceedsMaxTotalDeposits();
        error CurrentlyPaused();
        error DepositExceedsMaxPerDeposit();
        error DepositsLocked();
        error DurationAlreadyElapsed();
        error DurationNotElapsed();
        error InputAddressZero();
        error InvalidArbitrator();
        error InvalidDuration();
        error InvalidNewPausedStatus();
        error InvalidVaultAdmin();
        error MaxPerDepositExceedsMax();
        error MustBeDelegatedToVaultOperator();
        error NewSharesZero();
        error OnlyArbitrator();
        error OnlyPauser();
        error OnlyStrategyManager();
        error OnlyUnderlyingToken();
        error OnlyUnpauser();
        error OnlyVaultAdmin();
        error OperatorIntegrationInvalid();
        error PendingAllocation();
        error StrategyNotSupportedByOperatorSet();
        error TotalSharesExceedsMax();
        error UnderlyingTokenBlacklisted();
        error VaultAlreadyLocked();
        error VaultNotLocked();
        error WithdrawalAmountExceedsTotalDeposits();
        error WithdrawalsLockedDuringAllocations();

        function advanceToWithdrawals() external;
        function allocationManager() external view returns (address);
        function allocationsActive() external view returns (bool);
        function arbitrator() external view returns (address);
        function beforeAddShares(address staker, uint256 shares) external view;
        function beforeRemoveShares(address, uint256) external view;
        function delegationManager() external view returns (address);
        function deposit(address token, uint256 amount) external returns (uint256 newShares);
        function depositsOpen() external view returns (bool);
        function duration() external view returns (uint32);
        function explanation() external pure returns (string memory);
        function getTVLLimits() external view returns (uint256, uint256);
        function initialize(VaultConfig calldata config) external;
        function initialize(address _underlyingToken) external;
        function isLocked() external view returns (bool);
        function isMatured() external view returns (bool);
        function lock() external;
        function lockedAt() external view returns (uint32);
        function markMatured() external;
        function maturedAt() external view returns (uint32);
        function maxPerDeposit() external view returns (uint256);
        function maxTotalDeposits() external view returns (uint256);
        function metadataURI() external view returns (string memory);
        function operatorIntegrationConfigured() external pure returns (bool);
        function operatorSetInfo() external view returns (address avs, uint32 operatorSetId);
        function operatorSetRegistered() external view returns (bool);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function rewardsCoordinator() external view returns (address);
        function setRewardsClaimer(address claimer) external;
        function setTVLLimits(uint256 newMaxPerDeposit, uint256 newMaxTotalDeposits) external;
        function shares(address user) external view returns (uint256);
        function sharesToUnderlying(uint256 amountShares) external view returns (uint256);
        function sharesToUnderlyingView(uint256 amountShares) external view returns (uint256);
        function stakeCap() external view returns (uint256);
        function state() external view returns (uint8);
        function strategyFactory() external view returns (address);
        function strategyManager() external view returns (address);
        function totalShares() external view returns (uint256);
        function underlyingToShares(uint256 amountUnderlying) external view returns (uint256);
        function underlyingToSharesView(uint256 amountUnderlying) external view returns (uint256);
        function underlyingToken() external view returns (address);
        function unlockAt() external view returns (uint32);
        function unlockTimestamp() external view returns (uint32);
        function unpause(uint256 newPausedStatus) external;
        function updateDelegationApprover(address newDelegationApprover) external;
        function updateMetadataURI(string calldata newMetadataURI) external;
        function updateOperatorMetadataURI(string calldata newOperatorMetadataURI) external;
        function updateTVLLimits(uint256 newMaxPerDeposit, uint256 newStakeCap) external;
        function userUnderlying(address user) external returns (uint256);
        function userUnderlyingView(address user) external view returns (uint256);
        function vaultAdmin() external view returns (address);
        function withdraw(
            address recipient,
            address token,
            uint256 amountShares
        ) external returns (uint256 amountOut);
        function withdrawalsOpen() external view returns (bool);
    }
}
