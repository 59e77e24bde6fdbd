using Octet.Interop;

namespace Octet;

/// <summary>
/// What runs a model: its memory, its threads. Belongs to one thread at a time: make one for each thread that runs the
/// model; they share its weights. Runs allocate no memory, managed or native.
/// </summary>
/// <remarks>
/// Every run takes a <see cref="CancellationToken"/>. Cancelled, the run ends before its next step with
/// <see cref="OperationCanceledException"/>; the session can run again.
/// </remarks>
public sealed unsafe class Session : IDisposable
{
    private readonly SessionHandle _handle;
    private int _isBusy;

    internal Session(SessionHandle handle) => _handle = handle;

    /// <summary>
    /// Runs a network with one input and one output, both contiguous float32 of exactly the model's size.
    /// </summary>
    /// <exception cref="OctetException">Status Argument: the network or the sizes are others. Nothing was
    /// run.</exception>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public void Run(ReadOnlySpan<float> input, Span<float> output, CancellationToken cancellationToken = default)
    {
        fixed (float* from = input)
        fixed (float* to = output)
        {
            Run(
                new q_tensor { data = from, size_bytes = (nuint)input.Length * sizeof(float) },
                new q_tensor { data = NotNull(to), size_bytes = (nuint)output.Length * sizeof(float) },
                cancellationToken);
        }
    }

    /// <summary>
    /// Runs a network whose own input and output are int8, without the conversion to and from float32; real =
    /// <see cref="TensorInfo.Scale"/> * (q - <see cref="TensorInfo.ZeroPoint"/>).
    /// </summary>
    /// <exception cref="OctetException">Status Argument: the network, its types or the sizes are others.</exception>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public void RunInt8(ReadOnlySpan<sbyte> input, Span<sbyte> output, CancellationToken cancellationToken = default)
    {
        fixed (sbyte* from = input)
        fixed (sbyte* to = output)
        {
            Run(
                new q_tensor { data = from, size_bytes = (nuint)input.Length, dtype = (int)DataType.Int8 },
                new q_tensor { data = NotNull(to), size_bytes = (nuint)output.Length, dtype = (int)DataType.Int8 },
                cancellationToken);
        }
    }

    /// <summary>
    /// Runs any network: all inputs and all outputs in the model's order, each of any type and stride.
    /// </summary>
    /// <param name="inputs">As in <c>session.Run([image], [scores, boxes])</c> with arrays.</param>
    /// <param name="outputs">A default <see cref="Tensor"/> is an output that is not wanted.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="OctetException">Status Argument: counts, sizes, types. Nothing was run.</exception>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public void Run(
        ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, CancellationToken cancellationToken = default)
    {
        q_tensor* views = stackalloc q_tensor[Views(inputs.Length + outputs.Length)];
        Call call = new() { Inputs = views, InputCount = inputs.Length, OutputCount = outputs.Length };
        PinAndRun(inputs, outputs, 0, views, call, cancellationToken);
    }

    /// <summary>
    /// Runs a network whose only input is an image: the picture goes through the recipe straight into the network, with
    /// the values that <see cref="Pixels.ToInput"/> gives.
    /// </summary>
    /// <param name="pixels">The picture, of any size.</param>
    /// <param name="output">The network's only output, contiguous float32.</param>
    /// <param name="recipe">How the picture becomes the input; null: as stored in the model.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="OctetException">Status Argument, Data (no recipe), Shape (the input is no such
    /// image).</exception>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public void RunImage(
        in Pixels pixels, Span<float> output, Recipe? recipe = null, CancellationToken cancellationToken = default)
    {
        using Hold hold = new(pixels.Owner);
        fixed (byte* data = pixels.Data)
        fixed (float* to = output)
        {
            q_tensor view = new() { data = NotNull(to), size_bytes = (nuint)output.Length * sizeof(float) };
            q_pixels picture = pixels.View(data);
            q_recipe copy;
            recipe?.CopyTo(&copy);
            q_recipe* how = recipe is null ? null : &copy;
            Call call = new() { Pixels = &picture, Recipe = how, Outputs = &view, OutputCount = 1 };
            RunPinned(call, cancellationToken);
        }
    }

    /// <summary>Runs an image through a network with any outputs, each of any type and stride.</summary>
    /// <param name="pixels">The picture, of any size.</param>
    /// <param name="outputs">All outputs in the model's order, as in <see cref="Run(ReadOnlySpan{Tensor},
    /// ReadOnlySpan{Tensor}, CancellationToken)"/>.</param>
    /// <param name="recipe">How the picture becomes the input; null: as stored in the model.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="OctetException">Status Argument, Data (no recipe), Shape (the input is no such
    /// image).</exception>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public void RunImage(
        in Pixels pixels,
        ReadOnlySpan<Tensor> outputs,
        Recipe? recipe = null,
        CancellationToken cancellationToken = default)
    {
        q_tensor* views = stackalloc q_tensor[Views(outputs.Length)];
        using Hold hold = new(pixels.Owner);
        fixed (byte* data = pixels.Data)
        {
            q_pixels picture = pixels.View(data);
            q_recipe copy;
            recipe?.CopyTo(&copy);
            q_recipe* how = recipe is null ? null : &copy;
            Call call = new() { Pixels = &picture, Recipe = how, OutputCount = outputs.Length };
            PinAndRun([], outputs, 0, views, call, cancellationToken);
        }
    }

    /// <summary>An input, with the sizes that this session has.</summary>
    /// <param name="index">From 0, in the model's order.</param>
    /// <exception cref="OctetException">Status Argument: there is no such input.</exception>
    public TensorInfo GetInput(int index)
    {
        q_tensor_info info = new() { struct_size = (uint)sizeof(q_tensor_info) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_session_get_input(Handle, index, &info, &error), &error);
        return TensorInfo.From(info);
    }

    /// <summary>An output, with the sizes that this session has.</summary>
    /// <param name="index">From 0, in the model's order.</param>
    /// <exception cref="OctetException">Status Argument: there is no such output.</exception>
    public TensorInfo GetOutput(int index)
    {
        q_tensor_info info = new() { struct_size = (uint)sizeof(q_tensor_info) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_session_get_output(Handle, index, &info, &error), &error);
        return TensorInfo.From(info);
    }

    /// <summary>The session in numbers.</summary>
    public SessionInfo Info
    {
        get
        {
            q_session_info info = new() { struct_size = (uint)sizeof(q_session_info) };
            q_error error;
            Errors.Prepare(&error);
            Errors.Check(Native.q_session_get_info(Handle, &info, &error), &error);
            return SessionInfo.From(info);
        }
    }

    /// <summary>
    /// The steps of a run, in the order of execution, with their times when <see cref="SessionOptions.Profile"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session is running on another thread.</exception>
    public IReadOnlyList<StepInfo> GetSteps()
    {
        StepInfo[] steps = new StepInfo[Info.StepCount];
        using Hold hold = new(Handle);
        Enter();
        try
        {
            q_error error;
            for (int i = 0; i < steps.Length; ++i)
            {
                q_step_info info = new() { struct_size = (uint)sizeof(q_step_info) };
                Errors.Prepare(&error);
                Errors.Check(Native.q_session_get_step(_handle, i, &info, &error), &error);
                steps[i] = new StepInfo
                {
                    Name = info.name.ToString(),
                    Operator = info.op.ToString(),
                    Kernel = info.kernel.ToString(),
                    IsInt8 = info.is_int8 != 0,
                    Macs = info.macs,
                    LastTime = TimeSpan.FromMilliseconds(info.last_ms),
                    TotalTime = TimeSpan.FromMilliseconds(info.total_ms),
                };
            }
        }
        finally
        {
            Leave();
        }
        return steps;
    }

    /// <summary>
    /// Gives the memory back, after a run that is in progress on another thread. A second call does nothing.
    /// </summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>For the benchmark, which runs the same session from C.</summary>
    internal nint DangerousHandle => Handle.DangerousGetHandle();

    private SessionHandle Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _handle;
        }
    }

    // To C a null pointer is an output that is not wanted; an empty span is a wrong size, which C is to find.
    private static void* NotNull(void* data) => data is null ? (void*)sizeof(float) : data;

    // What goes on the stack; no network has so many inputs and outputs, and C compares the counts all the same.
    private static int Views(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 4096);
        return count;
    }

    private void Run(q_tensor input, q_tensor output, CancellationToken cancellationToken)
    {
        Call call = new() { Inputs = &input, InputCount = 1, Outputs = &output, OutputCount = 1 };
        RunPinned(call, cancellationToken);
    }

    // Pins the tensors one by one, each in a frame of its own, as `fixed` has no other way to pin any number of them
    // without allocating.
    private void PinAndRun(
        ReadOnlySpan<Tensor> inputs,
        ReadOnlySpan<Tensor> outputs,
        int index,
        q_tensor* views,
        Call call,
        CancellationToken cancellationToken)
    {
        if (index == inputs.Length + outputs.Length)
        {
            call.Outputs = views + inputs.Length;
            RunPinned(call, cancellationToken);
            return;
        }
        ref readonly Tensor tensor = ref index < inputs.Length ? ref inputs[index] : ref outputs[index - inputs.Length];
        fixed (float* floats = tensor.Floats)
        fixed (sbyte* bytes = tensor.Bytes)
        fixed (long* strides = tensor.Strides)
        {
            bool isInt8 = tensor.DataType == DataType.Int8;
            void* data = isInt8 ? bytes : floats;
            views[index] = new q_tensor
            {
                data = tensor.IsWanted ? NotNull(data) : null,
                size_bytes = (nuint)tensor.Length * (isInt8 ? 1u : sizeof(float)),
                strides = strides,
                dtype = (int)tensor.DataType,
            };
            PinAndRun(inputs, outputs, index + 1, views, call, cancellationToken);
        }
    }

    private void RunPinned(in Call call, CancellationToken cancellationToken)
    {
        SessionHandle handle = Handle;
        Enter();
        try
        {
            if (!cancellationToken.CanBeCanceled)
            {
                call.Run(handle, cancellationToken);
                return;
            }
            cancellationToken.ThrowIfCancellationRequested();
            using Hold hold = new(handle); // the cancellation below needs the session until it is unregistered
            try
            {
                using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                    static state => Native.q_session_cancel(((SessionHandle)state!).DangerousGetHandle(), 1), handle);
                call.Run(handle, cancellationToken);
            }
            finally
            {
                if (cancellationToken.IsCancellationRequested) Native.q_session_cancel(handle.DangerousGetHandle(), 0);
            }
        }
        finally
        {
            Leave();
        }
    }

    // C leaves it to the caller that a session runs on one thread at a time; here a mistake must not damage memory.
    private void Enter()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) == 0) return;
        throw new InvalidOperationException(
            "This session is running on another thread. Create a session for each thread: they share the weights.");
    }

    private void Leave() => Volatile.Write(ref _isBusy, 0);

    /// <summary>The arguments of q_session_run, or with pixels of q_session_run_image.</summary>
    private struct Call
    {
        public q_pixels* Pixels;
        public q_recipe* Recipe;
        public q_tensor* Inputs;
        public int InputCount;
        public q_tensor* Outputs;
        public int OutputCount;

        public readonly void Run(SessionHandle session, CancellationToken cancellationToken)
        {
            q_error error;
            Errors.Prepare(&error);
            int status = Pixels is null
                ? Native.q_session_run(session, Inputs, InputCount, Outputs, OutputCount, &error)
                : Native.q_session_run_image(session, Pixels, Recipe, Outputs, OutputCount, &error);
            session.Pieces?.ThrowFailure();
            if (status == 0) return;
            OctetException exception = Errors.Create(status, &error);
            if (exception.Status != Status.Cancelled) throw exception;
            throw new OperationCanceledException("The run was cancelled.", exception, cancellationToken);
        }
    }
}
