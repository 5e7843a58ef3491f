//! Lens: whole positions, exposures and previews in one call. The same structs serve `restake_` off chain.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, Default, PartialEq, Eq)]
    #[sol(abi)]
    interface ILens {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// A staker's stake in one strategy.
        struct Holding {
            /// The strategy.
            address strategy;
            /// What was put in and not queued.
            uint256 depositShares;
            /// Deposit scaling factor, 18 decimals.
            uint256 scalingFactor;
            /// What could be queued for withdrawal now.
            uint256 withdrawableShares;
        }
        /// A withdrawal that waits.
        struct QueuedWithdrawal {
            /// Its root.
            bytes32 root;
            /// Whose slashes it suffers until its window ends; zero if nobody's.
            address operator;
            /// When it was queued.
            uint32 startBlock;
            /// The last block in which it can be slashed.
            uint32 slashableUntilBlock;
            /// The first block in which it can be completed.
            uint32 completableBlock;
            /// Which strategies.
            address[] strategies;
            /// What each holds before slashes.
            uint256[] scaledShares;
            /// What each would pay now.
            uint256[] withdrawableShares;
        }
        /// What one operator set can take of a staker in one strategy.
        struct Risk {
            /// Whose allocation it is.
            address operator;
            /// Who can slash.
            OperatorSet operatorSet;
            /// In which strategy.
            address strategy;
            /// Whether the operator can be slashed by the set now, and the set lists the strategy.
            bool isSlashable;
            /// Whether slashed shares go to a recipient instead of being burnt.
            bool redistributes;
            /// The last block in which a set can slash that the operator has left; 0 while it is registered or never was.
            uint32 slashableUntilBlock;
            /// Allocated magnitude.
            uint64 currentMagnitude;
            /// What is added at the effect block, or taken if negative.
            int128 pendingDiff;
            /// When; 0 if nothing is pending.
            uint32 effectBlock;
            /// What a slash of all that is allocated now would take of the deposited shares, as they are worth now.
            uint256 atRiskShares;
            /// The same of what waits in the queue and can still be slashed.
            uint256 atRiskQueuedShares;
            /// What a slash of all that will be allocated would take of the deposited shares.
            uint256 pendingAtRiskShares;
        }
        /// All that a staker has.
        struct Position {
            address staker;
            /// The block that the answer holds for.
            uint64 blockNumber;
            /// Zero if it is not delegated.
            address operator;
            bool isOperator;
            Holding[] holdings;
            QueuedWithdrawal[] queued;
            Risk[] risks;
        }
        /// What one operator set can slash of an operator in one strategy.
        struct SetAllocation {
            OperatorSet operatorSet;
            address strategy;
            /// Whether the operator is registered.
            bool isMember;
            /// Whether the set lists the strategy now. It may list it later, at any time.
            bool isListed;
            bool redistributes;
            /// The last block in which a set can slash that the operator has left; 0 while it is registered or never was.
            uint32 slashableUntilBlock;
            uint64 currentMagnitude;
            int128 pendingDiff;
            uint32 effectBlock;
            /// Operator shares that the current magnitude stands for.
            uint256 allocatedStake;
        }
        /// How much of an operator's stake in one strategy services can take.
        struct Exposure {
            address operator;
            address strategy;
            /// The block that the answer holds for.
            uint64 blockNumber;
            uint256 operatorShares;
            /// Queued shares that can still be slashed, as they are worth now.
            uint256 slashableQueuedShares;
            uint64 maxMagnitude;
            /// What allocations hold: current and pending, of all sets.
            uint64 encumberedMagnitude;
            /// What sets can slash in this block, all together.
            uint64 slashableMagnitude;
            /// The encumbered share of the max magnitude, 18 decimals, rounded up: what a covenant limits.
            uint64 committedWad;
            /// The slashable share of the max magnitude, 18 decimals, rounded up.
            uint64 slashableWad;
            SetAllocation[] allocations;
        }
        /// An operator's allocation delay.
        struct AllocationDelay {
            /// Whether a delay is in force; nothing can be allocated before.
            bool isSet;
            uint32 delayBlocks;
            /// The delay that is to come; the same as in force if none is.
            uint32 pendingDelayBlocks;
            /// Block from which it is in force; 0 if none is to come.
            uint32 effectBlock;
        }
        /// Limits to what services can do to an operator's stake, as Covenants has them.
        struct Terms {
            uint16 maxServices;
            uint64 maxSlashableWad;
            uint32 minAllocationDelayBlocks;
            bool allowRedistribution;
            address[] services;
        }
        /// What an operator has promised.
        struct Covenant {
            bool exists;
            Terms inForce;
            Terms next;
            /// Block from which `next` holds; 0 if nothing waits.
            uint32 effectBlock;
        }
        /// All that the state tells of an operator.
        struct Book {
            address operator;
            uint64 blockNumber;
            bool isOperator;
            address delegationApprover;
            AllocationDelay allocationDelay;
            OperatorSet[] registeredSets;
            OperatorSet[] allocatedSets;
            /// Of the strategies asked for and of those with an allocation.
            Exposure[] exposures;
            Covenant covenant;
        }
        /// An operator set.
        struct SetBook {
            OperatorSet operatorSet;
            uint64 blockNumber;
            bool redistributes;
            address redistributionRecipient;
            address slasher;
            /// Zero if nobody waits.
            address pendingSlasher;
            uint32 slasherEffectBlock;
            uint64 slashCount;
            address[] strategies;
            address[] members;
            /// By member, by strategy: what can be slashed now.
            uint256[][] slashableStake;
            /// The same at a later block, with the deallocations until then done.
            uint256[][] futureSlashableStake;
        }
        /// When a change would take effect that is asked for in this block.
        struct EffectBlocks {
            /// More allocated; 0 where no delay is in force.
            uint32 allocation;
            /// Less allocated to a set that can slash.
            uint32 deallocation;
            /// Another allocation delay.
            uint32 allocationDelay;
            /// Another slasher of a set.
            uint32 slasher;
            /// The first block in which a withdrawal queued now could be completed.
            uint32 withdrawal;
            /// A looser covenant.
            uint32 covenant;
            /// The first block in which an exit requested now could be forced.
            uint32 forcedExit;
        }
        /// What of an allocation to slash, as AllocationManager takes it.
        struct SlashingParams {
            address operator;
            uint32 operatorSetId;
            /// Ascending.
            address[] strategies;
            /// Which share of what is allocated, 18 decimals.
            uint256[] wadsToSlash;
        }
        /// What a slash does to an operator in one strategy.
        struct SlashEffect {
            address strategy;
            /// Magnitude taken, as a share of the max magnitude before, 18 decimals.
            uint256 wadSlashed;
            uint64 maxMagnitudeBefore;
            uint64 maxMagnitudeAfter;
            /// What the operator's shares lose.
            uint256 operatorSharesLost;
            /// What withdrawals in their window lose together.
            uint256 queuedSharesLost;
        }
        /// What a slash does to a staker in one strategy.
        struct StakerEffect {
            address strategy;
            uint256 withdrawableBefore;
            uint256 withdrawableAfter;
            /// Of withdrawals that can still be slashed by this operator.
            uint256 queuedBefore;
            uint256 queuedAfter;
        }

        error InputArrayLengthMismatch();
        error InvalidOperatorSet();
        error InvalidWadToSlash();
        error OperatorNotSlashable();
        error StrategiesMustBeInAscendingOrder();
        error StrategyNotInOperatorSet();

        function book(address operator, address[] calldata strategies) external view returns (Book memory);
        function effectBlocks(address operator) external view returns (EffectBlocks memory);
        function exposure(address operator, address strategy) external view returns (Exposure memory);
        function operatorSet(
            OperatorSet calldata operatorSet,
            uint32 futureBlock
        ) external view returns (SetBook memory);
        function position(address staker) external view returns (Position memory);
        function previewSlash(
            address avs,
            SlashingParams calldata params
        ) external view returns (SlashEffect[] memory);
        function previewSlashFor(
            address staker,
            address avs,
            SlashingParams calldata params
        ) external view returns (StakerEffect[] memory);
    }
}

use super::IAllocationManager;

impl From<IAllocationManager::OperatorSet> for ILens::OperatorSet {
    fn from(IAllocationManager::OperatorSet { avs, id }: IAllocationManager::OperatorSet) -> Self {
        Self { avs, id }
    }
}

impl From<ILens::OperatorSet> for IAllocationManager::OperatorSet {
    fn from(ILens::OperatorSet { avs, id }: ILens::OperatorSet) -> Self {
        Self { avs, id }
    }
}
