using Octet.Interop;

namespace Octet;

/// <summary>Samples from the caller: what a network sees at its inputs, to calibrate or to judge with.</summary>
public interface ISampleSource
{
    /// <summary>How many samples there are.</summary>
    long Count { get; }

    /// <summary>
    /// Writes sample <paramref name="index"/> (from 0) to the inputs. Called once or more for each index, always on the
    /// thread that made the call, and must give the same values each time. What it throws ends the call and is thrown
    /// there.
    /// </summary>
    void Load(long index, SampleTensors inputs);
}

/// <summary>Writes one sample; as <see cref="ISampleSource.Load"/>.</summary>
public delegate void SampleLoader(long index, SampleTensors inputs);

/// <summary>The inputs of a network, to be filled with one sample; only during the call that gets them.</summary>
public readonly unsafe ref struct SampleTensors
{
    private readonly q_tensor* _tensors;

    internal SampleTensors(q_tensor* tensors, int count)
    {
        _tensors = tensors;
        Count = count;
    }

    /// <summary>Inputs of the network.</summary>
    public int Count { get; }

    /// <summary>The float32 values of an input (index from 0), contiguous, in the model's shape.</summary>
    public Span<float> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new Span<float>(_tensors[index].data, checked((int)(_tensors[index].size_bytes / sizeof(float))));
        }
    }
}

/// <summary>Makes sample sources.</summary>
public static class SampleSource
{
    /// <summary>A source that calls a function for each sample.</summary>
    public static ISampleSource Create(long count, SampleLoader load)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(load);
        return new LoaderSource(count, load);
    }

    /// <summary>A source of tensors in memory, one a sample, for a network with one input.</summary>
    public static ISampleSource FromMemory(IReadOnlyList<float[]> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return Create(samples.Count, (index, inputs) =>
        {
            float[] sample = samples[(int)index];
            if (inputs.Count != 1 || sample.Length != inputs[0].Length)
            {
                string found = inputs.Count == 1 ? $"{inputs[0].Length} values" : $"{inputs.Count} inputs";
                throw new ArgumentException(
                    $"Sample {index} is one tensor of {sample.Length} values, but the network takes {found}.");
            }
            sample.CopyTo(inputs[0]);
        });
    }

    private sealed class LoaderSource(long count, SampleLoader load) : ISampleSource
    {
        public long Count => count;

        public void Load(long index, SampleTensors inputs) => load(index, inputs);
    }
}
