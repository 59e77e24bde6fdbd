namespace Octet;

/// <summary>How grave a message is.</summary>
public enum LogLevel
{
    /// <summary>What is being done.</summary>
    Info = 1,

    /// <summary>Something that may not be as meant.</summary>
    Warning = 2,

    /// <summary>The whole message of a failure that does not fit the exception's.</summary>
    Error = 3,
}

/// <summary>What the boxes of a detector are.</summary>
public enum BoxKind
{
    /// <summary>Told from the graph.</summary>
    Automatic = 0,

    /// <summary>Offsets to priors.</summary>
    Raw = 1,

    /// <summary>Corners in shares of the input.</summary>
    Decoded = 2,
}

/// <summary>How far a long call is.</summary>
/// <param name="Stage">What is being done: "observe", "measure", ...</param>
/// <param name="Done">Units of this stage that are done.</param>
/// <param name="Total">Units of this stage.</param>
/// <param name="TimeLeft">Of the whole call; null: not known yet.</param>
public readonly record struct CallProgress(string Stage, long Done, long Total, TimeSpan? TimeLeft);

/// <summary>
/// How to quantize. One of <see cref="Samples"/>, <see cref="ImageFiles"/>, <see cref="Images"/> and a configuration
/// that names images must be given; the first of these that is there is used.
/// </summary>
public sealed record QuantizeOptions
{
    /// <summary>0: all that this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>JSON file with MNN's keys and Octet's; relative paths in it start at its folder.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>The JSON itself instead of a file; relative paths in it start at the current folder.</summary>
    public string? ConfigJson { get; init; }

    /// <summary>Samples from the caller.</summary>
    public ISampleSource? Samples { get; init; }

    /// <summary>Files of calibration images, in this order.</summary>
    public IReadOnlyList<string>? ImageFiles { get; init; }

    /// <summary>Folder of calibration images; overrides the configuration's path.</summary>
    public string? Images { get; init; }

    /// <summary>Overrides the configuration: "AUTO", "KL", "ADMM", "EMA", "MINMAX", ...</summary>
    public string? FeatureMethod { get; init; }

    /// <summary>Overrides the configuration: "MAX_ABS", "ADMM", ...</summary>
    public string? WeightMethod { get; init; }

    /// <summary>
    /// Measure the layers on this CPU, on one thread, and keep in float those that make the whole network faster so;
    /// the result then depends on the machine, and on chance where it is close.
    /// </summary>
    public bool FloatWhereFaster { get; init; }

    /// <summary>
    /// The report also holds what its page shows beside the numbers: why layers differ, how their values lie, pictures of
    /// the worst samples, and the time of each layer on this CPU, which takes about a second and enters no choice.
    /// </summary>
    public bool ReportDetails { get; init; }

    /// <summary>What the boxes of a detector are.</summary>
    public BoxKind Boxes { get; init; }

    /// <summary>
    /// A folder that keeps what was observed, made where it is missing: a call that was ended in the middle goes on there,
    /// and another one with the same network, samples and settings is spared the work. It never changes the result.
    /// </summary>
    public string? Cache { get; init; }

    /// <summary>
    /// Files of <see cref="Model.Observe"/>, of every shard once, in place of observing samples. Where samples are here
    /// too, they must be those that were observed, and the result is measured on them.
    /// </summary>
    public IReadOnlyList<string>? Statistics { get; init; }

    /// <summary>
    /// Told on the calling thread, a few times a second at most and at the end of each stage. Note that
    /// <see cref="Progress{T}"/> passes it on to another thread.
    /// </summary>
    public IProgress<CallProgress>? Progress { get; init; }

    /// <summary>What the library has to say, on the calling thread.</summary>
    public Action<LogLevel, string>? Log { get; init; }
}

/// <summary>How to compare two models.</summary>
public sealed record CompareOptions
{
    /// <summary>0: all that this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>JSON file: how images become inputs and, where nothing else says so, which.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>The JSON itself instead of a file; relative paths in it start at the current folder.</summary>
    public string? ConfigJson { get; init; }

    /// <summary>Samples from the caller instead of images.</summary>
    public ISampleSource? Samples { get; init; }

    /// <summary>Folder of images; overrides the configuration's path.</summary>
    public string? Images { get; init; }

    /// <summary>Tab-separated file: file, class_index; without it no accuracy is measured.</summary>
    public string? Labels { get; init; }

    /// <summary>Added to class_index.</summary>
    public int LabelOffset { get; init; }

    /// <summary>As <see cref="QuantizeOptions.ReportDetails"/>.</summary>
    public bool ReportDetails { get; init; }

    /// <summary>What the boxes of a detector are.</summary>
    public BoxKind Boxes { get; init; }

    /// <summary>As <see cref="QuantizeOptions.Progress"/>.</summary>
    public IProgress<CallProgress>? Progress { get; init; }

    /// <summary>What the library has to say, on the calling thread.</summary>
    public Action<LogLevel, string>? Log { get; init; }
}
