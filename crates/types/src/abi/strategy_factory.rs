//! EigenLayer's StrategyFactory: one strategy a token, for anyone.
//! Members as in the pinned release (v1.12.0); the error on prohibited tokens came with v1.13.0 (ELIP-017).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]
#![allow(clippy::too_many_arguments, reason = "constructors that `sol!` makes of structs")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IStrategyFactory {
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

        event DurationVaultDeployed(
            address indexed vault,
            address indexed underlyingToken,
            address indexed vaultAdmin,
            uint32 duration,
            uint256 maxPerDeposit,
            uint256 stakeCap,
            string metadataURI,
            address operatorSetAVS,
            uint32 operatorSetId
        );
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
        error ProhibitedDurationVaultToken();
        error StrategyAlreadyExists();

        function blacklistTokens(address[] calldata tokens) external;
        function deployDurationVaultStrategy(VaultConfig calldata config) external returns (address newVault);
        function deployNewStrategy(address token) external returns (address newStrategy);
        function deployedStrategies(address token) external view returns (address);
        function durationVaultBeacon() external view returns (address);
        function durationVaultsByToken(address, uint256) external view returns (address);
        function getDurationVaults(address token) external view returns (address[] memory);
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
